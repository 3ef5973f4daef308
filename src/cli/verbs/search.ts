// wherry search: refused. Docker Hub alone can be searched, by an interface that registries do not have.
import { filterFlag } from '../filters.ts';
import { bool, int, string } from '../flags.ts';
import { InputError } from '../input.ts';
import type { Verb } from '../verb.ts';

export const search: Verb = {
  name: 'search',
  usage: '[OPTIONS] TERM',
  help: 'Search Docker Hub for images',
  details: 'Not to be had: what registries understand has no search. `wherry pull NAME` fetches an image whose name is known.',
  flags: [filterFlag('Filter output based on conditions provided', 'f'), string('format', 'Pretty-print search using a Go template'), int('limit', 'Max number of search results'), bool('no-trunc', 'Don\'t truncate output')],
  words: [1, 1],
  interspersed: true,
  failure: 1,
  run({ words: [term] }) {
    return Promise.reject(new InputError(`wherry search is not supported: the distribution API of registries has no search. Search for ${JSON.stringify(term)} on https://hub.docker.com and fetch the image with wherry pull NAME`));
  },
};
