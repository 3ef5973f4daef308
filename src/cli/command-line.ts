// One command line: finds the verb, parses its flags, runs it, gives its exit code.
import { report } from './errors.ts';
import { findVerb, type Found } from './find-verb.ts';
import { parseFlags, UsageError, WRONG_FLAG } from './flags.ts';
import { globalFlags, helpFlag } from './global-flags.ts';
import { groupHelp, mainHelp, verbHelp, wordsError } from './help.ts';
import type { Group, Terminal, Verb } from './verb.ts';
import { run } from './verbs/run.ts';

interface Table { readonly verbs: readonly Verb[]; readonly groups: readonly Group[] }

/** The verbs that the words may name. `run` does not wait for the others to be loaded: they cost a tenth of its start. */
const tableFor = async (words: readonly string[]): Promise<Table> => (words[0] === run.name ? { verbs: [run], groups: [] } : import('./verbs.ts'));

/** Runs one command line and gives its exit code. */
export async function runLine(args: readonly string[], terminal: Terminal): Promise<number> {
  let global;
  try { global = parseFlags(globalFlags, args, false); } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    terminal.err(`${error.message}\nSee 'wherry --help'.\n`);
    return WRONG_FLAG;
  }
  if (global.bool('version')) {
    const { versionText } = await import('./host-facts.ts');
    return say(terminal, `Wherry version ${versionText()}\n`);
  }
  const asksHelp = global.bool('help') || global.words[0] === 'help';
  const words = global.words[0] === 'help' ? global.words.slice(1) : global.words;
  const { verbs, groups } = await tableFor(words);
  if (words.length === 0) return say(terminal, mainHelp(verbs, groups));
  const found = findVerb(verbs, groups, words);
  if (!('verb' in found)) return notAVerb(found, asksHelp || words.includes('--help'), verbs, terminal);
  if (asksHelp) return say(terminal, verbHelp(found.verb, terminal.columns()));
  const root = global.string('root');
  return runVerb(found.verb, found.rest, root === undefined ? terminal : { ...terminal, env: { ...terminal.env, WHERRY_ROOT: root } });
}

const say = (terminal: Terminal, text: string): number => { terminal.out(text); return 0; };

/** A group alone, or a word that names nothing. */
function notAVerb(found: Exclude<Found, { verb: Verb }>, asksHelp: boolean, verbs: readonly Verb[], terminal: Terminal): number {
  if ('group' in found && asksHelp) return say(terminal, groupHelp(verbs, found.group));
  if ('group' in found && found.unknown === undefined) {
    terminal.err(groupHelp(verbs, found.group));
    return 0;
  }
  const group = 'group' in found ? ` ${found.group.name}` : '';
  terminal.err(`wherry: unknown command: wherry${group} ${found.unknown}\n\n${'group' in found ? `Usage:  wherry${group}${found.group.usage ?? ''}\n\n` : ''}Run 'wherry${group} --help' for more information\n`);
  return 1;
}

async function runVerb(verb: Verb, args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const parsed = parseFlags([...verb.flags, helpFlag], args, verb.interspersed);
    if (parsed.bool('help')) {
      terminal.out(verbHelp(verb, terminal.columns()));
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
    return WRONG_FLAG;
  }
}
