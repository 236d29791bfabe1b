" :make checks the file.
if exists('current_compiler')
  finish
endif
let current_compiler = 'gol'

CompilerSet makeprg=gol\ check\ --format=short\ %:S
CompilerSet errorformat=%f:%l:%c:\ %m,gol:\ %m,%-G%.%#
