// From `-u` to numbers: user names and groups looked up in the container's /etc/passwd and /etc/group, by Docker's rules (runc libcontainer/user semantics).
import { EngineError } from './errors.ts';

export interface ResolvedUser {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups. */
  readonly groups: readonly number[];
  readonly home: string;
}

interface PasswdLine { name: string; uid: number; gid: number; home: string }
interface GroupLine { name: string; gid: number; members: string[] }

const lines = (text: string): string[][] => text.split('\n').filter((l) => l !== '' && !l.startsWith('#')).map((l) => l.split(':'));
const number = (text: string | undefined): number => (text !== undefined && /^\d+$/.test(text) ? Number(text) : -1);

const passwdLines = (text: string): PasswdLine[] =>
  lines(text).map((f) => ({ name: f[0]!, uid: number(f[2]), gid: number(f[3]), home: f[5] ?? '/' })).filter((l) => l.uid >= 0);
const groupLines = (text: string): GroupLine[] =>
  lines(text).map((f) => ({ name: f[0]!, gid: number(f[2]), members: (f[3] ?? '').split(',').filter(Boolean) })).filter((l) => l.gid >= 0);

/** `spec` is what `-u` or USER said: "", name, uid, name:group, uid:gid. Empty texts stand for absent files. Throws EngineError. */
export function resolveUser(spec: string, passwd: string, group: string): ResolvedUser {
  const [userPart = '', groupPart] = spec.split(':');
  const users = passwdLines(passwd);
  const groups = groupLines(group);
  const wanted = userPart === '' ? '0' : userPart;
  const entry = users.find((u) => u.name === wanted) ?? users.find((u) => u.uid === number(wanted));
  if (!entry && number(wanted) < 0) throw new EngineError('NO_USER', `unable to find user ${wanted}: no matching entries in passwd file`);
  const uid = entry?.uid ?? number(wanted);
  const gid = groupPart === undefined ? entry?.gid ?? 0 : groupId(groupPart, groups);
  const members = groupPart === undefined && entry ? groups.filter((g) => g.members.includes(entry.name)).map((g) => g.gid) : [];
  return { uid, gid, groups: [...new Set([gid, ...members])], home: entry?.home || '/' };
}

/** `--group-add`: names of /etc/group, or numbers. Throws EngineError. */
export const additionalGroups = (said: readonly string[], group: string): number[] => said.map((word) => groupId(word, groupLines(group)));

function groupId(said: string, groups: readonly GroupLine[]): number {
  const found = groups.find((g) => g.name === said);
  if (found) return found.gid;
  if (number(said) < 0) throw new EngineError('NO_GROUP', `unable to find group ${said}: no matching entries in group file`);
  return number(said);
}
