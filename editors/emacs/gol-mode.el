;;; gol-mode.el --- gol programs over the modes for Go  -*- lexical-binding: t; -*-

;; `go-ts-mode' (Emacs 29 and later, with the grammar) or `go-mode' does the colours
;; and the indenting; without either of them `prog-mode' will do.

(define-derived-mode gol-mode
  (cond ((and (fboundp 'go-ts-mode) (treesit-language-available-p 'go)) go-ts-mode)
        ((require 'go-mode nil t) go-mode)
        (t prog-mode))
  "gol"
  "Mode for gol programs: C-c C-c runs the file, C-c C-k checks it."
  (setq-local comment-start "// ")
  (setq-local indent-tabs-mode t)
  (setq-local compile-command (concat "gol check --format=short " (shell-quote-argument (or buffer-file-name "-"))))
  (define-key gol-mode-map (kbd "C-c C-k") #'compile)
  (define-key gol-mode-map (kbd "C-c C-c")
              (lambda () (interactive) (save-buffer) (compile (concat "gol run " (shell-quote-argument buffer-file-name)) t))))

(add-to-list 'auto-mode-alist '("\\.gol\\'" . gol-mode))
(add-to-list 'interpreter-mode-alist '("gol" . gol-mode))

(provide 'gol-mode)
;;; gol-mode.el ends here
