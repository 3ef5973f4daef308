// wherry logout: forgets who we are at a registry.
import type { Verb } from '../verb.ts';

export const logout: Verb = {
  name: 'logout',
  common: true,
  usage: '[SERVER]',
  help: 'Log out from a registry.\nIf no server is specified, the default is defined by the daemon.',
  flags: [],
  words: [0, 1],
  interspersed: true,
  failure: 1,
  async run({ words: [said] }, terminal) {
    const { ClientConfig, serverNamed } = await import('../client-config.ts');
    const { server } = serverNamed(said);
    terminal.out(`Removing login credentials for ${server}\n`);
    new ClientConfig(terminal).erase(server);
    return 0;
  },
};
