; inherits: go
