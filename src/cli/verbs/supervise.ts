// wherry supervise: the process that runs a container in the background, or for a command that talks with it. `start` and `run` start it.
import { type ContainerRecord, nowhere, type TerminalSize } from '../../engine/index.ts';
import { patiently } from '../container-operations.ts';
import { Conversation, flushed } from '../control.ts';
import { starter, teller } from '../detached.ts';
import { bool, int, type Parsed } from '../flags.ts';
import { runAsOften } from '../restarting.ts';
import type { Started } from '../run-container.ts';
import { joinSession } from '../session-answers.ts';
import { openCpu, openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';

interface Talk { end(exitCode: number): void }

/** With the command that started this process: about the program's streams, and the exit code at the end. */
function talkWithStarter({ io, machine }: Started, { StdinOnce, Tty }: ContainerRecord['Config']): Talk {
  const socket = starter();
  const peer = new Conversation(socket);
  joinSession(peer, { shared: io, endsInput: StdinOnce && !Tty, signal: machine.signal });
  return {
    end: (exitCode) => {
      void peer.send('result', Buffer.from(JSON.stringify(exitCode)));
      void flushed(socket).then(() => socket.destroy());
    },
  };
}

const nobody: Talk = { end: () => {} };

const sizeOf = (parsed: Parsed): { size?: TerminalSize } => (parsed.has('rows') ? { size: { rows: Number(parsed.string('rows')), columns: Number(parsed.string('columns')) } } : {});

export const supervise: Verb = {
  name: 'supervise',
  hidden: true,
  usage: '[OPTIONS] CONTAINER',
  help: 'Run a container in the background',
  flags: [bool('attached', 'Talk with the command that started this one'), int('rows', 'Size of its terminal'), int('columns', 'Size of its terminal')],
  words: [1, 1],
  interspersed: false,
  failure: 1,
  async run(parsed, terminal) {
    const tell = teller();
    try {
      const engine = openEngine(terminal);
      const before = engine.containers.find(parsed.words[0]!);
      const { Tty, OpenStdin } = before.Config;
      const record = await patiently(() => engine.containers.begin(before.Id));
      let talk = nobody;
      let isFirst = true;
      return await runAsOften(engine, record, before.State, {
        execution: () => ({
          cpu: openCpu(engine.host, {}), io: nowhere({ tty: Tty, open: OpenStdin, ...sizeOf(parsed) }), detached: true,
          started: (running) => {
            if (parsed.bool('attached') && isFirst) talk = talkWithStarter(running, record.Config);
            tell();
            isFirst = false;
          },
        }),
        ended: (code) => {
          const { end } = talk;
          talk = nobody;
          end(code);
        },
      });
    } catch (error) {
      tell(error);
      throw error;
    }
  },
};
