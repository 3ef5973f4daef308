// Bytes as strings of one char a byte, so that any bytes survive: how names and paths are kept.

/** The bytes as a string. Eight at a time: a fifth of the time of one by one, and an eighth of a spread (40 bytes, Node 20). */
export function latin1(bytes: Uint8Array): string {
  const code = String.fromCharCode;
  let text = '';
  let i = 0;
  for (; i + 8 <= bytes.length; i += 8) text += code(bytes[i]!, bytes[i + 1]!, bytes[i + 2]!, bytes[i + 3]!, bytes[i + 4]!, bytes[i + 5]!, bytes[i + 6]!, bytes[i + 7]!);
  for (; i < bytes.length; i++) text += code(bytes[i]!);
  return text;
}

/** The string's chars as bytes; each is below 256. */
export function latin1Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
