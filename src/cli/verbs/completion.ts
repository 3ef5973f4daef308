// wherry completion: what shells need to complete our command lines; __complete answers them.
import { globalFlags } from '../global-flags.ts';
import { ClientError } from '../flags.ts';
import type { Terminal, Verb } from '../verb.ts';

export const completion: Verb = {
  name: 'completion',
  usage: 'bash|zsh|fish',
  help: 'Generate the autocompletion script for the specified shell',
  details: 'To load it: bash: . <(wherry completion bash)   zsh: . <(wherry completion zsh)   fish: wherry completion fish | source',
  flags: [],
  words: [1, 1],
  interspersed: true,
  failure: 1,
  async run({ words: [shell] }, terminal) {
    const { scripts } = await import('../completion/scripts.ts');
    const script = Object.hasOwn(scripts, shell!) ? scripts[shell!] : undefined;
    if (script === undefined) throw new ClientError(`unknown shell ${JSON.stringify(shell)}: must be one of ${Object.keys(scripts).join(', ')}`);
    terminal.out(script);
    return 0;
  },
};

const NO_BLANK = 1, FILES = 2;

async function answer(words: readonly string[], terminal: Terminal): Promise<string> {
  const [{ complete }, { sources }, { verbs, groups }] = await Promise.all([import('../completion/complete.ts'), import('../completion/sources.ts'), import('../verbs.ts')]);
  const wanted = complete(verbs, groups, globalFlags, words);
  const current = words.at(-1) ?? '';
  const start = /^--[^=]+=/.exec(current)?.[0] ?? '';
  const found = wanted.sources.flatMap((name) => sources[name](terminal, wanted.verb ?? '')).map(({ word, about }) => ({ word: `${start}${word}${wanted.colon ? ':' : ''}`, about }))
    .sort((a, b) => (a.word < b.word ? -1 : 1));
  const lines = [...wanted.words, ...found].filter(({ word }) => word.startsWith(current)).map(({ word, about = '' }) => `${word}\t${about}\n`);
  return `${lines.join('')}:${(wanted.colon ? NO_BLANK : 0) + (wanted.files ? FILES : 0)}\n`;
}

export const answerCompletion: Verb = {
  name: '__complete',
  hidden: true,
  usage: '-- WORD...',
  help: 'Answer a shell: what may stand next',
  flags: [],
  words: [0, Infinity],
  interspersed: false,
  failure: 1,
  async run({ words }, terminal) {
    terminal.out(await answer(words, { ...terminal, err: () => {} }));
    return 0;
  },
};
