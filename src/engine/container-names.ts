// Names of containers: which are allowed, and ones made up for those who say none.
import type { Random } from '../host/ports.ts';
import { EngineError } from './errors.ts';

const PATTERN = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** The name without the slash that inspect shows before it. Throws EngineError 'BAD_NAME'. */
export function demandName(said: string): string {
  const name = said.startsWith('/') ? said.slice(1) : said;
  if (!PATTERN.test(name)) throw new EngineError('BAD_NAME', `Invalid container name (${said}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
  return name;
}

const moods = ('amiable ample bold brave breezy bright brisk calm candid cheerful clear clever cosy crisp curious daring deft dreamy eager earnest easy fair festive fond frank gentle glad graceful happy hardy hearty honest humble jolly '
  + 'jovial keen kind lively loyal lucid mellow merry modest neat nimble noble patient placid plucky polite proud quick quiet ready serene sharp shiny silent snug solid spry steady sunny swift tidy upbeat vivid warm wise witty zesty').split(' ');
const people = ('agnesi archimedes babbage banneker bartik bernoulli bohr boole bose carson cayley chandrasekhar curie darwin descartes dijkstra einstein engelbart euclid euler faraday fermat fermi feynman franklin galileo galois gauss '
  + 'germain goldberg hamilton hawking heisenberg hertz hodgkin hopper hypatia jang kepler khorana knuth lamport lalande leibniz liskov lovelace mayer maxwell meitner mendel mirzakhani newton nightingale noether pasteur payne planck poincare '
  + 'ptolemy raman ramanujan ride ritchie sammet shannon tesla thompson turing villani volta wozniak wu yalow').split(' ');

/** A name that is not taken: a mood and a person of science, with a number when there is no other way. */
export function inventName(random: Random, isTaken: (name: string) => boolean): string {
  const bytes = new Uint16Array(2);
  for (let attempt = 0; ; attempt++) {
    random.fill(new Uint8Array(bytes.buffer));
    const name = `${moods[bytes[0]! % moods.length]}_${people[bytes[1]! % people.length]}${attempt < 10 ? '' : attempt}`;
    if (!isTaken(name)) return name;
  }
}
