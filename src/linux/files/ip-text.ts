// Internet addresses between latin1 bytes and text. inet_pton(3), RFC 5952.

/** "10.0.0.1" or "2001:db8::1" of 4 or 16 bytes. */
export function addressText(bytes: string): string {
  const values = Array.from(bytes, (c) => c.charCodeAt(0));
  if (values.length === 4) return values.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => (values[2 * i]! << 8 | values[2 * i + 1]!).toString(16));
  const text = groups.join(':');
  const zeros = [...text.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].sort((a, b) => b[0].length - a[0].length)[0];
  if (!zeros) return text;
  const [before, after] = [text.slice(0, zeros.index), text.slice(zeros.index + zeros[0].length)];
  return `${before}::${after.replace(/^:/, '')}`;
}

/** The bytes of an address in text; a zone ("%eth0") is left out. undefined: it is none. */
export function addressBytes(text: string): string | undefined {
  const plain = text.split('%')[0]!;
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(plain)) return String.fromCharCode(...plain.split('.').map(Number));
  if (!/^[0-9a-f:]*:[0-9a-f:.]*$/i.test(plain)) return undefined;
  const [head = '', tail] = plain.split('::');
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').flatMap((group) => {
    if (group.includes('.')) return Array.from(addressBytes(group) ?? '', (c) => c.charCodeAt(0));
    const value = parseInt(group, 16);
    return [value >> 8, value & 255];
  }));
  const [front, back] = [groups(head), groups(tail ?? '')];
  const missing = 16 - front.length - back.length;
  if (tail === undefined ? missing !== 0 : missing < 0) return undefined;
  return String.fromCharCode(...front, ...Array<number>(tail === undefined ? 0 : missing).fill(0), ...back);
}

/** Whether an address in text leads back to the machine that uses it. */
export const isLoopbackText = (text: string): boolean => text.startsWith('127.') || addressBytes(text) === `${'\0'.repeat(15)}\x01`;
