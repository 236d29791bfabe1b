" gol's files: by their ending, and scripts by their first line.
autocmd BufRead,BufNewFile *.gol setfiletype gol
autocmd BufRead * if getline(1) =~# '^#!.*\<gol\>' | setfiletype gol | endif
