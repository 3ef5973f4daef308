// wherry version: what this is and what it runs on, in docker's shape. There is no server.
import { platform } from 'node:os';
import { goArch, versionText } from '../host-facts.ts';
import { inspectFormatFlag } from '../inspect.ts';
import { formatted } from '../one-document.ts';
import { type Struct, typeOf } from '../template/index.ts';
import type { Verb } from '../verb.ts';

function text(): string {
  const rows = [
    ['Version', versionText()], ['Node version', process.version], ['V8 version', process.versions.v8], ['OS/Arch', `${platform()}/${goArch()}`], ['Images', 'linux/amd64 (x86-64-v2)'], ['Context', 'default'],
  ];
  return `Client:\n${rows.map(([name, value]) => ` ${`${name}:`.padEnd(18)} ${value}\n`).join('')}`;
}

function document(): Struct {
  const Client: Struct = {
    Version: versionText(), ApiVersion: '', DefaultAPIVersion: '', GitCommit: '', GoVersion: '', NodeVersion: process.version, Os: platform(), Arch: goArch(), BuildTime: '', Context: 'default', [typeOf]: 'system.clientVersion',
  };
  return { Client: Object.defineProperties(Client, { APIVersion: { value: '', enumerable: false } }), Server: null, [typeOf]: 'system.versionInfo' };
}

export const version: Verb = {
  name: 'version',
  common: true,
  usage: '[OPTIONS]',
  help: 'Show version information',
  flags: [inspectFormatFlag],
  words: [0, 0],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const format = parsed.string('format');
    if (!format) terminal.out(text());
    return format ? formatted(terminal, format, document(), 'version') : 0;
  },
};
