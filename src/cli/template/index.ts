// Go templates as docker's --format takes them: parse once, execute over any value.
import { execute, type ExecuteOptions } from './evaluate.ts';
import { defaultFunctions } from './functions.ts';
import { type Template, TemplateError } from './nodes.ts';
import { parse } from './parser.ts';

const functions = new Set(Object.keys(defaultFunctions));

/** What docker writes before every complaint about a template. */
const complain = (error: unknown): never => {
  if (error instanceof RangeError) throw new TemplateError('template parsing error: template: the template is nested too deep, or what it makes is too large');
  throw error instanceof TemplateError ? new TemplateError(`template parsing error: ${error.message}`) : error;
};

/** Parses a template. Throws TemplateError with docker's message. */
export function parseTemplate(source: string): Template {
  try { return parse(source, functions); } catch (error) { return complain(error); }
}

/** What a template makes of a value. Throws TemplateError with docker's message. */
export function executeTemplate(template: Template, data: unknown, options: ExecuteOptions = {}): string {
  try { return execute(template, data, options); } catch (error) { return complain(error); }
}

export { headingFunctions } from './functions.ts';
export { json } from './json.ts';
export { type Template, TemplateError } from './nodes.ts';
export { JsonNumber, nilMap, nilSlice, omitEmpty, type Struct, typeOf, untyped } from './values.ts';
