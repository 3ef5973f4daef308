// Answers of servers in tests.
import type { ServerResponse } from 'node:http';

export function answer(response: ServerResponse, status: number, headers: Record<string, string> = {}, body = ''): true {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)), ...headers }).end(body);
  return true;
}

export const refuse = (response: ServerResponse, status: number, code: string, message: string, headers: Record<string, string> = {}): true => answer(response, status, headers, JSON.stringify({ errors: [{ code, message }] }));
