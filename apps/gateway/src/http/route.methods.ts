import { ROUTES, type HttpMethod } from '#libs/contracts';

/** Every route as a pattern of whole paths. */
const PATTERNS = Object.values(ROUTES).map(({ method, path }) => ({
  method,
  pattern: new RegExp(`^${path.replaceAll('.', '\\.').replace(/:\w+/g, '[^/]+')}/?$`),
}));

/** The methods under which a path exists; none when it does not. */
export function methodsOf(path: string): HttpMethod[] {
  return PATTERNS.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
}
