" Colours for gol programs.
if exists('b:current_syntax')
  finish
endif

syntax case match

syntax keyword golConcurrent go select defer
syntax keyword golStatement  break continue fallthrough goto return
syntax keyword golConditional if else switch
syntax keyword golLabel      case default
syntax keyword golRepeat     for range
syntax keyword golInclude    import package
syntax keyword golDeclaration func var const type
syntax keyword golStructure  chan interface map struct
syntax keyword golType       any bool byte comparable complex64 complex128 error float32 float64 int int8 int16 int32 int64
syntax keyword golType       rune string uint uint8 uint16 uint32 uint64 uintptr
syntax keyword golConstant   nil iota
syntax keyword golBoolean    true false
syntax match   golBuiltin    /\.\@1<!\<\%(append\|cap\|clear\|close\|complex\|copy\|delete\|imag\|len\|make\|max\|min\|new\|panic\|print\|println\|real\|recover\)\ze\s*(/

syntax match   golFunction   /\<func\s\+\%(([^()]*)\s*\)\=\zs\h\w*/ contains=golDeclaration
syntax match   golArrow      /<-/
syntax match   golOperator   /:=\|\.\.\.\|[-+*\/%&|^!=<>~]/

syntax match   golInteger    /\<\d\%(_\=\d\)*i\=\>\|\<0[xX]\%(_\=\x\)\+i\=\>\|\<0[bB]\%(_\=[01]\)\+i\=\>\|\<0[oO]\%(_\=\o\)\+i\=\>/
syntax match   golFloat      /\<\d[0-9_]*\.\%(\d[0-9_]*\)\=\%([eE][-+]\=\d\+\)\=i\=\|\<\d[0-9_]*[eE][-+]\=\d\+i\=\>\|\<0[xX][0-9a-fA-F_.]\+[pP][-+]\=\d\+i\=\>/

syntax match   golEscape     /\\\%([abfnrtv\\'"]\|\o\{3}\|x\x\{2}\|u\x\{4}\|U\x\{8}\)/ contained
syntax match   golVerb       /%\%(%\|[-+# 0]*\%(\[\d\+\]\)\=\%(\d\+\|\*\)\=\%(\.\%(\d\+\|\*\)\=\)\=[vTtbcdoOqxXUeEfFgGspw]\)/ contained
syntax region  golString     start=/"/ skip=/\\\\\|\\"/ end=/"/ oneline contains=golEscape,golVerb,@Spell
syntax region  golRawString  start=/`/ end=/`/ contains=golVerb,@Spell
syntax region  golRune       start=/'/ skip=/\\\\\|\\'/ end=/'/ oneline contains=golEscape

syntax keyword golTodo       TODO FIXME XXX BUG contained
syntax region  golComment    start=+//+ end=+$+ contains=golTodo,@Spell
syntax region  golComment    start=+/\*+ end=+\*/+ contains=golTodo,@Spell
syntax match   golShebang    /\%^#!.*/

syntax sync minlines=200

highlight default link golConcurrent  Special
highlight default link golStatement   Statement
highlight default link golConditional Conditional
highlight default link golLabel       Label
highlight default link golRepeat      Repeat
highlight default link golInclude     Include
highlight default link golDeclaration Keyword
highlight default link golStructure   Structure
highlight default link golType        Type
highlight default link golConstant    Constant
highlight default link golBoolean     Boolean
highlight default link golBuiltin     Function
highlight default link golFunction    Function
highlight default link golArrow       Special
highlight default link golOperator    Operator
highlight default link golInteger     Number
highlight default link golFloat       Float
highlight default link golEscape      SpecialChar
highlight default link golVerb        SpecialChar
highlight default link golString      String
highlight default link golRawString   String
highlight default link golRune        Character
highlight default link golTodo        Todo
highlight default link golComment     Comment
highlight default link golShebang     PreProc

let b:current_syntax = 'gol'
