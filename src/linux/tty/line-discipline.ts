// The terminal line discipline N_TTY: canonical editing, echo, signal characters on the way in; newline handling on the way out. termios(3).
import { cc, iflag, lflag, oflag } from '../../abi/index.ts';
import { defaultTermios } from './termios.ts';
import type { Termios } from './termios.ts';

const BEL = 7, BS = 8, TAB = 9, NL = 10, CR = 13, SPACE = 32, DEL = 127;
/** Bytes the input may hold; a line takes one less, so that its end always fits. */
export const INPUT_LIMIT = 4096;
const SIGINT = 2, SIGQUIT = 3, SIGTSTP = 20;

/** What a line discipline does to the world. */
export interface Effects {
  /** Bytes for the device (the screen, the pty master): output and echo. */
  emit(bytes: number[]): void;
  /** A signal character was typed. */
  signal(signal: number): void;
  /** Output was stopped (^S) or goes on (^Q). */
  flow(stopped: boolean): void;
}

export class LineDiscipline {
  termios: Termios = defaultTermios();
  readonly #effects: Effects;
  /** What read() may take: lines in canonical mode (an empty one is an end of file), else runs of bytes. */
  readonly #ready: number[][] = [];
  /** The line being edited. */
  #edit: number[] = [];
  #literalNext = false;
  /** Where the cursor is, for tabs, and where it was when the edited line began. */
  #column = 0;
  #editColumn = 0;
  stopped = false;

  constructor(effects: Effects) { this.#effects = effects; }

  #local(bit: number): boolean { return (this.termios.lflag & bit) !== 0; }
  #input(bit: number): boolean { return (this.termios.iflag & bit) !== 0; }
  /** Whether `byte` is this control character; 0 disables one (_POSIX_VDISABLE). */
  #is(byte: number, index: number): boolean { return byte !== 0 && this.termios.cc[index] === byte; }

  get canonical(): boolean { return this.#local(lflag.ICANON); }

  /** Bytes that read() could take now. */
  get available(): number { return this.#ready.reduce((sum, run) => sum + run.length, 0); }
  /** Whether a line (or an end of file) is there; in raw mode, any byte. */
  get hasInput(): boolean { return this.#ready.length > 0; }
  /** How many more bytes can be typed before some are lost. */
  get room(): number { return this.canonical && !this.hasInput ? INPUT_LIMIT : Math.max(0, INPUT_LIMIT - this.available - this.#edit.length); }

  /** Bytes arrive from the keyboard. */
  receive(bytes: Uint8Array): void { for (const byte of bytes) this.#receiveByte(byte); }

  /** Takes up to into.length bytes: of one line in canonical mode, of all that is there otherwise. */
  take(into: Uint8Array): number {
    let count = 0;
    while (this.#ready.length > 0 && count < into.length) {
      const run = this.#ready[0]!;
      const part = Math.min(run.length, into.length - count);
      for (let i = 0; i < part; i++) into[count + i] = run[i]!;
      count += part;
      if (part < run.length) this.#ready[0] = run.slice(part);
      else this.#ready.shift();
      if (this.canonical) break;
    }
    return count;
  }

  /** Forgets all input (TCFLSH, signal characters). */
  flushInput(): void {
    this.#ready.length = 0;
    this.#edit = [];
    this.#literalNext = false;
  }

  /** New settings; what was half typed can be read at once when canonical mode ends. */
  configure(termios: Termios): void {
    const wasCanonical = this.canonical;
    this.termios = termios;
    if (wasCanonical && !this.canonical && this.#edit.length > 0) {
      this.#push(this.#edit);
      this.#edit = [];
    }
    if (!this.canonical) this.#dropEmptyRuns();
    if (this.stopped && !this.#input(iflag.IXON)) this.#flow(false);
  }

  /** TCXONC. */
  setStopped(stopped: boolean): void { this.#flow(stopped); }

  /** What the device gets for a byte that a program writes. */
  cook(byte: number): number[] {
    const { oflag: flags } = this.termios;
    if (!(flags & oflag.OPOST)) return [byte];
    if (byte === NL && flags & oflag.ONLCR) { this.#column = 0; return [CR, NL]; }
    if (byte === NL && flags & oflag.ONLRET) this.#column = 0;
    if (byte === CR && flags & oflag.ONOCR && this.#column === 0) return [];
    if (byte === CR && flags & oflag.OCRNL) { if (flags & oflag.ONLRET) this.#column = 0; return [NL]; }
    if (byte === TAB && (flags & oflag.TABDLY) === oflag.XTABS) {
      const spaces = 8 - (this.#column & 7);
      this.#column += spaces;
      return Array<number>(spaces).fill(SPACE);
    }
    const out = flags & oflag.OLCUC && byte >= 97 && byte <= 122 ? byte - 32 : byte;
    this.#advance(out);
    return [out];
  }

  #advance(byte: number): void {
    if (byte === CR) this.#column = 0;
    else if (byte === TAB) this.#column += 8 - (this.#column & 7);
    else if (byte === BS) this.#column = Math.max(0, this.#column - 1);
    else if (byte >= SPACE && byte !== DEL && !isContinuation(byte)) this.#column++;
  }

  #receiveByte(raw: number): void {
    let byte = this.#input(iflag.ISTRIP) ? raw & 0x7f : raw;
    if (this.#input(iflag.IUCLC) && this.#local(lflag.IEXTEN) && byte >= 65 && byte <= 90) byte += 32;
    if (this.#literalNext) {
      this.#literalNext = false;
      this.#insert(byte);
      return;
    }
    if (this.#control(byte)) return;
    if (byte === CR) {
      if (this.#input(iflag.IGNCR)) return;
      if (this.#input(iflag.ICRNL)) byte = NL;
    } else if (byte === NL && this.#input(iflag.INLCR)) byte = CR;
    if (this.canonical) this.#receiveCanonical(byte);
    else this.#insert(byte);
  }

  /** Flow control and signals; true when the byte was used up. */
  #control(byte: number): boolean {
    if (this.#input(iflag.IXON)) {
      if (this.#is(byte, cc.VSTART)) { this.#flow(false); return true; }
      if (this.#is(byte, cc.VSTOP)) { this.#flow(true); return true; }
      if (this.stopped && this.#input(iflag.IXANY)) this.#flow(false);
    }
    if (!this.#local(lflag.ISIG)) return false;
    for (const [index, signal] of signalCharacters) {
      if (!this.#is(byte, index)) continue;
      if (!this.#local(lflag.NOFLSH)) this.flushInput();
      if (this.stopped) this.#flow(false);
      this.#echo(byte);
      this.#effects.signal(signal);
      return true;
    }
    return false;
  }

  #receiveCanonical(byte: number): void {
    const extended = this.#local(lflag.IEXTEN);
    if (this.#is(byte, cc.VERASE)) this.#erase('character', byte);
    else if (this.#is(byte, cc.VKILL)) this.#erase('line', byte);
    else if (extended && this.#is(byte, cc.VWERASE)) this.#erase('word', byte);
    else if (extended && this.#is(byte, cc.VLNEXT)) this.#startLiteral();
    else if (extended && this.#is(byte, cc.VREPRINT) && this.#local(lflag.ECHO)) this.#reprint(byte);
    else if (byte === NL) this.#endLine(byte, this.#local(lflag.ECHO) || this.#local(lflag.ECHONL));
    else if (this.#is(byte, cc.VEOF)) this.#endLine(undefined, false);
    else if (this.#is(byte, cc.VEOL) || (extended && this.#is(byte, cc.VEOL2))) this.#endLine(byte, this.#local(lflag.ECHO));
    else this.#insert(byte);
  }

  #startLiteral(): void {
    this.#literalNext = true;
    if (this.#local(lflag.ECHO) && this.#local(lflag.ECHOCTL)) this.#echoRaw([94, BS]);
  }

  #endLine(byte: number | undefined, echo: boolean): void {
    if (byte === NL && echo) this.#echoRaw([NL]);
    else if (byte !== undefined && echo) this.#echo(byte);
    const line = byte === undefined ? this.#edit : [...this.#edit, byte];
    this.#edit = [];
    this.#ready.push(line);
    this.#editColumn = this.#column;
  }

  /** An ordinary character. */
  #insert(byte: number): void {
    const doubled = this.#input(iflag.PARMRK) && byte === 0xff && !this.#input(iflag.ISTRIP) ? [byte, byte] : [byte];
    if (this.canonical) {
      if (this.#edit.length + this.available + doubled.length >= INPUT_LIMIT) return this.#bell();
      if (this.#edit.length === 0) this.#editColumn = this.#column;
      this.#edit.push(...doubled);
    } else {
      if (this.available + doubled.length > INPUT_LIMIT) return this.#bell();
      this.#push(doubled);
    }
    if (byte === NL && this.#local(lflag.ECHO)) this.#echoRaw([NL]);
    else this.#echo(byte);
  }

  #push(bytes: number[]): void {
    const last = this.#ready.at(-1);
    if (last && !this.canonical) last.push(...bytes);
    else this.#ready.push([...bytes]);
  }

  #dropEmptyRuns(): void {
    const runs = this.#ready.filter((run) => run.length > 0);
    this.#ready.length = 0;
    if (runs.length > 0) this.#ready.push(runs.flat());
  }

  #bell(): void { if (this.#input(iflag.IMAXBEL)) this.#effects.emit([BEL]); }

  #erase(what: 'character' | 'word' | 'line', byte: number): void {
    const echoes = this.#local(lflag.ECHO);
    if (this.#edit.length === 0) return;
    if (what === 'line' && !(echoes && this.#local(lflag.ECHOK) && this.#local(lflag.ECHOKE) && this.#local(lflag.ECHOE))) {
      this.#edit = [];
      this.#echo(byte);
      if (echoes && this.#local(lflag.ECHOK)) this.#echoRaw([NL]);
      return;
    }
    let wordBegun = false;
    while (this.#edit.length > 0) {
      const start = this.#lastCharacter();
      const first = this.#edit[start]!;
      if (what === 'word') {
        if (isWordByte(first)) wordBegun = true;
        else if (wordBegun) return;
      }
      this.#edit.length = start;
      if (echoes && what === 'character' && !this.#local(lflag.ECHOE)) this.#echo(byte);
      else if (echoes) this.#rubOut(first);
      if (what === 'character') return;
    }
  }

  /** Index where the last character of the edited line begins. */
  #lastCharacter(): number {
    let start = this.#edit.length - 1;
    if (this.#input(iflag.IUTF8)) while (start > 0 && isContinuation(this.#edit[start]!)) start--;
    return start;
  }

  /** Takes an echoed character off the screen. */
  #rubOut(byte: number): void {
    if (byte === TAB) {
      const wanted = this.#widthOfEdit();
      const back = Math.max(0, this.#column - wanted);
      for (let i = 0; i < back; i++) this.#echoRaw([BS]);
      return;
    }
    const control = isControl(byte);
    if (control && !this.#local(lflag.ECHOCTL)) return;
    for (let i = 0; i < (control ? 2 : 1); i++) this.#echoRaw([BS, SPACE, BS]);
  }

  /** The column the cursor has after what is left of the edited line. */
  #widthOfEdit(): number {
    let column = this.#editColumn;
    for (const byte of this.#edit) {
      if (byte === TAB) column += 8 - (column & 7);
      else if (isControl(byte)) column += this.#local(lflag.ECHOCTL) ? 2 : 0;
      else if (!isContinuation(byte) || !this.#input(iflag.IUTF8)) column++;
    }
    return column;
  }

  #reprint(byte: number): void {
    this.#echo(byte);
    this.#echoRaw([NL]);
    this.#editColumn = this.#column;
    for (const typed of this.#edit) this.#echo(typed);
  }

  /** Shows a typed character; control characters as ^X. */
  #echo(byte: number): void {
    if (!this.#local(lflag.ECHO)) return;
    if (isControl(byte) && byte !== TAB && this.#local(lflag.ECHOCTL)) this.#echoRaw([94, byte ^ 64]);
    else this.#echoRaw([byte]);
  }

  #echoRaw(bytes: number[]): void { this.#effects.emit(bytes.flatMap((byte) => this.cook(byte))); }

  #flow(stopped: boolean): void {
    if (this.stopped === stopped) return;
    this.stopped = stopped;
    this.#effects.flow(stopped);
  }
}

const signalCharacters = [[cc.VINTR, SIGINT], [cc.VQUIT, SIGQUIT], [cc.VSUSP, SIGTSTP]] as const;

const isControl = (byte: number): boolean => byte < SPACE || byte === DEL;
const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80;
const isWordByte = (byte: number): boolean => (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || byte === 95 || byte >= 0x80;
