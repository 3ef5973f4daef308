#!/usr/bin/env node
// The wherry command: hands over to the bundle that `npm run build` makes.
import('../dist/node/wherry.mjs').catch((error) => {
  if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  console.error('wherry: dist/ is missing; run `npm run build` first');
  process.exit(125);
});
