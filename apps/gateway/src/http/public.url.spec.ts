import { PublicUrl, PublicUrlSettings } from './public.url.js';

const publicUrl = (env: Record<string, string> = {}): PublicUrl => new PublicUrl(new PublicUrlSettings(env));

describe('the URL at which clients reach the platform', () => {
  it.each([
    ['http', 'localhost:3000', 'http://localhost:3000'],
    ['https', 'server.navign.com', 'https://server.navign.com'],
    ['https', 'server.navign.com:443', 'https://server.navign.com:443'],
    ['http', '[::1]:8080', 'http://[::1]:8080'],
    ['https', 'Server.Navign.com', 'https://Server.Navign.com'],
  ])('ORC-009 is the one of the request: %s, %s', (protocol, host, expected) => {
    expect(publicUrl().of({ protocol: protocol as 'http', host })).toBe(expected);
  });

  it('ORC-009 is PUBLIC_URL where that is set, without a slash at its end', () => {
    const configured = publicUrl({ PUBLIC_URL: 'https://muster.example.com/base/' });
    expect(configured.of({ protocol: 'http', host: '10.0.0.7:3000' })).toBe('https://muster.example.com/base');
  });

  it.each(['', 'a b', 'evil.example/path', 'user@host', 'host?x', 'host#x', 'host:99999', 'a\\b'])(
    'refuses %j as a host',
    (host) => {
      expect(() => publicUrl().of({ protocol: 'http', host })).toThrow(
        expect.objectContaining({ code: 'MALFORMED_REQUEST' }),
      );
    },
  );
});
