// wherry port: where the host listens for a container.
import { portsOf } from '../../engine/index.ts';
import { PlainError } from '../flags.ts';
import { hostPort, natural } from '../ports-text.ts';
import { openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';

function demandPort(text: string): void {
  if (!/^\d+$/.test(text)) throw new PlainError(`Error: invalid port (${text}): strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
  if (Number(text) > 65535) throw new PlainError(`Error: invalid port (${text}): strconv.ParseUint: parsing ${JSON.stringify(text)}: value out of range`);
}

export const port: Verb = {
  name: 'port',
  aliases: ['container port'],
  usage: 'CONTAINER [PRIVATE_PORT[/PROTO]]',
  help: 'List port mappings or a specific mapping for the container',
  flags: [],
  words: [1, 2],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const [container = '', asked] = parsed.words;
    const ports = portsOf(openEngine(terminal).containers.find(container));
    const lines = Object.entries(ports).flatMap(([name, hosts]) => hosts.map(({ HostIp, HostPort }) => [name, hostPort(HostIp, HostPort)] as const));
    const show = (texts: readonly string[]): void => { for (const text of [...texts].sort(natural)) terminal.out(`${text}\n`); };
    if (!asked) {
      show(lines.map(([name, at]) => `${name} -> ${at}`));
      return 0;
    }
    const [number = '', protocol = 'tcp'] = asked.split(/\/(.*)/s);
    demandPort(number);
    const found = lines.filter(([name]) => name === `${number}/${protocol || 'tcp'}`);
    if (found.length === 0) throw new PlainError(`Error: No public port '${asked}' published for ${container}`);
    show(found.map(([, at]) => at));
    return 0;
  },
};
