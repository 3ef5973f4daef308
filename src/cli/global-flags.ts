// The flags that stand before the verb.
import { bool, string } from './flags.ts';

export const helpFlag = bool('help', 'Print usage');

export const globalFlags = [string('root', 'Where images and containers are kept'), bool('version', 'Print version information and quit', 'v'), helpFlag];
