// What memfs takes from node:url, in a browser.
export const { URL } = globalThis;
