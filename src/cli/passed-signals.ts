// Signals that a command passes on to the program it runs, while that has no terminal.
export const passedOn = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/** A user who sends so many of them wants to get away. */
const ENOUGH = 3;

/** Counts the signals that ask for the end; `leave` comes with the third, which is told in docker's words. */
export function impatience(leave: () => void): (signal: string) => void {
  let count = 0;
  return (signal) => {
    if ((signal !== 'SIGINT' && signal !== 'SIGTERM') || ++count !== ENOUGH) return;
    process.stderr.write('\ngot 3 SIGTERM/SIGINTs, forcefully exiting\n');
    leave();
  };
}
