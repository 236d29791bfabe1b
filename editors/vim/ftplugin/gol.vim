" Settings for a buffer with a gol program.
if exists('b:did_ftplugin')
  finish
endif
let b:did_ftplugin = 1

setlocal noexpandtab tabstop=4 shiftwidth=0 softtabstop=0
setlocal comments=s1:/*,mb:*,ex:*/,:// commentstring=//\ %s
setlocal formatoptions-=t formatoptions+=croqlj
setlocal suffixesadd=.gol
setlocal cindent cinoptions=+0,(0,j1,J1,L0,:0,l1

compiler gol

" :GolRun runs the file with arguments, :GolExplain CODE tells about an error.
command! -buffer -nargs=* -complete=file GolRun update | execute '!gol run ' . expand('%:p:S') . ' ' . <q-args>
command! -buffer -nargs=? GolExplain execute '!gol explain ' . <q-args>

let b:undo_ftplugin = 'setlocal expandtab< tabstop< shiftwidth< softtabstop< comments< commentstring<'
      \ . ' formatoptions< suffixesadd< cindent< cinoptions< | delcommand GolRun | delcommand GolExplain'
