// The entry of the command line: the process's words, streams and exit code.
import { runLine } from './command-line.ts';
import { endOnBrokenPipe, nextLine } from './standard-io.ts';
import type { Terminal } from './verb.ts';

const terminal: Terminal = {
  env: process.env,
  out: (text) => { process.stdout.write(text); },
  err: (text) => { process.stderr.write(text); },
  outIsTty: process.stdout.isTTY ?? false,
  errIsTty: process.stderr.isTTY ?? false,
  inIsTty: process.stdin.isTTY ?? false,
  columns: () => (process.stdout.isTTY ? process.stdout : process.stderr).columns || 80,
  line: nextLine,
};

endOnBrokenPipe();
void runLine(process.argv.slice(2), terminal).then((status) => { process.exitCode = status; });
