// The commands of the extension: run and check the active file, check on save, and tasks of type gol.

const vscode = require("vscode");
const { execFile } = require("child_process");

/** The gol command, as the settings have it. */
function gol() {
  return vscode.workspace.getConfiguration("gol").get("path") || "gol";
}

/** A task that runs or checks a file; its errors go to the Problems panel. */
function task(definition, file) {
  const words = definition.command === "check" ? ["check", "--format=short", file] : ["run", file, ...(definition.args || [])];
  const execution = new vscode.ProcessExecution(gol(), words);
  const scope = vscode.workspace.workspaceFolders ? vscode.TaskScope.Workspace : vscode.TaskScope.Global;
  const made = new vscode.Task(definition, scope, `${definition.command} ${file}`, "gol", execution, "$gol");
  made.presentationOptions = { clear: true };
  return made;
}

/** The active file, saved. */
async function activeFile() {
  const editor = vscode.window.activeTextEditor;
  if (!editor || editor.document.languageId !== "gol") {
    vscode.window.showErrorMessage("The active editor has no .gol file.");
    return undefined;
  }
  if (editor.document.isUntitled || !(await editor.document.save())) {
    vscode.window.showErrorMessage("Save the file first.");
    return undefined;
  }
  return editor.document.fileName;
}

async function start(command) {
  const file = await activeFile();
  if (file) {
    await vscode.tasks.executeTask(task({ type: "gol", command }, file));
  }
}

/** The place of a line and a byte in it, both from 1. */
function position(document, line, column) {
  const at = Math.min(Math.max(0, (line || 1) - 1), document.lineCount - 1);
  const before = Buffer.from(document.lineAt(at).text, "utf8").subarray(0, Math.max(0, (column || 1) - 1));
  return new vscode.Position(at, before.toString("utf8").length);
}

/** Asks `gol check --format=json` and shows what it finds in the document. */
function check(document, found) {
  execFile(gol(), ["check", "--format=json", document.fileName], { maxBuffer: 16 << 20 }, (error, out) => {
    if (error && typeof error.code !== "number") {
      return; // gol is not there; running says so.
    }
    const diagnostics = [];
    for (const line of out.split("\n").filter((l) => l.startsWith("{"))) {
      const d = JSON.parse(line);
      const from = position(document, d.line, d.column);
      const to = d.end_line ? position(document, d.end_line, d.end_column) : from;
      const range = to.isAfter(from) ? new vscode.Range(from, to) : document.getWordRangeAtPosition(from);
      const severity = d.severity === "warning" ? vscode.DiagnosticSeverity.Warning : vscode.DiagnosticSeverity.Error;
      const shown = new vscode.Diagnostic(range || new vscode.Range(from, from), d.message, severity);
      shown.source = "gol";
      shown.code = d.code;
      diagnostics.push(shown);
    }
    found.set(document.uri, diagnostics);
  });
}

function activate(context) {
  const found = vscode.languages.createDiagnosticCollection("gol");
  const provider = {
    provideTasks: () => [],
    resolveTask(asked) {
      const active = vscode.window.activeTextEditor;
      const file = asked.definition.file || (active && active.document.fileName);
      return file ? task(asked.definition, file) : undefined;
    },
  };
  const onSave = (document) => {
    if (document.languageId === "gol" && vscode.workspace.getConfiguration("gol").get("checkOnSave")) {
      check(document, found);
    }
  };
  context.subscriptions.push(
    found,
    vscode.commands.registerCommand("gol.run", () => start("run")),
    vscode.commands.registerCommand("gol.check", () => start("check")),
    vscode.tasks.registerTaskProvider("gol", provider),
    vscode.workspace.onDidSaveTextDocument(onSave),
    vscode.workspace.onDidOpenTextDocument(onSave),
    vscode.workspace.onDidCloseTextDocument((document) => found.delete(document.uri)),
  );
}

module.exports = { activate };
