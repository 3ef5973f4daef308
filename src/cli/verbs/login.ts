// wherry login: proves to a registry who we are, and keeps it for pull and push.
import { bool, string } from '../flags.ts';
import type { Verb } from '../verb.ts';

export const login: Verb = {
  name: 'login',
  common: true,
  usage: '[OPTIONS] [SERVER]',
  help: 'Authenticate to a registry.\nDefaults to Docker Hub if no server is specified.',
  flags: [string('password', 'Password or Personal Access Token (PAT)', 'p'), bool('password-stdin', 'Take the Password or Personal Access Token (PAT) from stdin'), string('username', 'Username', 'u')],
  words: [0, 1],
  interspersed: true,
  failure: 1,
  run: async (parsed, terminal) => (await import('../log-in.ts')).logIn(parsed, terminal),
};
