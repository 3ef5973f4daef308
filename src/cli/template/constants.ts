// Constants of Go's grammar: strings with their escapes, characters, numbers.
import { GoFloat } from './values.ts';

const escapes: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', '\'': '\'', '"': '"' };
const escape = /\\(?:([abfnrtv\\'"])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|())/g;

/** A quoted or raw string's value, undefined when its escapes are wrong. */
export function unquote(text: string): string | undefined {
  if (text.startsWith('`')) return text.slice(1, -1).replaceAll('\r', '');
  let wrong = false;
  // Bytes given one by one may make up characters together.
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  let at = 1;
  for (const found of text.slice(0, -1).matchAll(escape)) {
    bytes.push(...encoder.encode(text.slice(at, found.index)));
    at = found.index + found[0].length;
    const [, simple, hex, octal, short, long] = found;
    if (simple !== undefined) bytes.push(escapes[simple]!.charCodeAt(0));
    else if (hex !== undefined || octal !== undefined) bytes.push(hex === undefined ? parseInt(octal!, 8) & 0xff : parseInt(hex, 16));
    else if (short !== undefined || long !== undefined) bytes.push(...encoder.encode(codePoint(parseInt(short ?? long!, 16))));
    else wrong = true;
  }
  bytes.push(...encoder.encode(text.slice(at, -1)));
  return wrong ? undefined : new TextDecoder().decode(Uint8Array.from(bytes));
}

const codePoint = (code: number): string => (code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code));

/** A character constant's number, undefined when it is not exactly one character. */
export function characterCode(text: string): number | undefined {
  const value = unquote(text);
  return value !== undefined && [...value].length === 1 ? value.codePointAt(0) : undefined;
}

/** A mantissa in hexadecimal, an exponent of two in decimal. */
const hexFloat = /^0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?\d+)$/;

/** A number's value, undefined when it is none. Integers are numbers, what is written with a point or an exponent is a GoFloat. */
export function numberValue(text: string): number | GoFloat | undefined {
  const plain = text.replaceAll('_', '');
  const [, sign, digits] = /^([+-]?)(.*)$/.exec(plain)!;
  const hex = hexFloat.exec(digits!);
  if (hex) return new GoFloat((sign === '-' ? -1 : 1) * Number.parseInt(`0${hex[1]}${hex[2]}`, 16) * 2 ** (Number(hex[3]) - 4 * hex[2]!.length));
  const octal = /^0[0-7]+$/.exec(digits!) ? `0o${digits!.slice(1)}` : digits!;
  const value = Number(octal);
  const isInteger = /^0[xXoObB]/.test(octal) || !/[.eE]/.test(octal);
  if (digits === '' || Number.isNaN(value) || (isInteger && !Number.isSafeInteger(value))) return undefined;
  const signed = sign === '-' ? -value : value;
  return isInteger ? signed : new GoFloat(signed);
}
