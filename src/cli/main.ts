// The entry of the command line: finds the verb, parses its flags, runs it, ends with its exit code.
import { report } from './errors.ts';
import { bool, parseFlags, string, UsageError } from './flags.ts';
import { mainHelp, verbHelp, wordsError } from './help.ts';
import type { Terminal, Verb } from './verb.ts';
import { verbs } from './verbs.ts';
import { versionText } from './verbs/version.ts';

const helpFlag = bool('help', 'Print usage');
const globalFlags = [string('root', 'Where images and containers are kept'), bool('version', 'Print version information and quit', 'v'), helpFlag];

/** Runs one command line and gives its exit code. */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  let global;
  try { global = parseFlags(globalFlags, args, false); } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    terminal.err(`${error.message}\nSee 'wherry --help'.\n`);
    return 125;
  }
  const [name, ...rest] = global.words;
  if (global.bool('version')) {
    terminal.out(`Wherry version ${versionText()}\n`);
    return 0;
  }
  if (name === undefined || global.bool('help') || name === 'help') {
    const verb = verbs.find((v) => v.name === rest[0]);
    terminal.out(verb ? verbHelp(verb) : mainHelp(verbs));
    return 0;
  }
  const verb = verbs.find((v) => v.name === name);
  if (!verb) {
    terminal.err(`wherry: unknown command: wherry ${name}\n\nRun 'wherry --help' for more information\n`);
    return 1;
  }
  const root = global.string('root');
  return runVerb(verb, rest, root === undefined ? terminal : { ...terminal, env: { ...terminal.env, WHERRY_ROOT: root } });
}

async function runVerb(verb: Verb, args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const parsed = parseFlags([...verb.flags, helpFlag], args, verb.interspersed);
    if (parsed.bool('help')) {
      terminal.out(verbHelp(verb));
      return 0;
    }
    const wrong = wordsError(verb, parsed.words.length);
    if (wrong !== undefined) {
      terminal.err(wrong);
      return 1;
    }
    return await verb.run(parsed, terminal);
  } catch (error) {
    if (!(error instanceof UsageError)) return report(error, verb, terminal);
    terminal.err(`${error.message}\n\nUsage:  wherry ${verb.name} ${verb.usage}\n\nRun 'wherry ${verb.name} --help' for more information\n`);
    return verb.failure;
  }
}

const terminal: Terminal = {
  env: process.env,
  out: (text) => { process.stdout.write(text); },
  err: (text) => { process.stderr.write(text); },
  outIsTty: process.stdout.isTTY ?? false,
  inIsTty: process.stdin.isTTY ?? false,
};

void main(process.argv.slice(2), terminal).then((status) => { process.exitCode = status; });
