import { settingsDelta } from './settings.delta.js';

describe('the delta of settings', () => {
  it('is empty when the robot reports what is wanted, and more', () => {
    expect(settingsDelta({ a: 1, b: { c: [1, 2] } }, { a: 1, b: { c: [1, 2], d: 5 }, e: 6 })).toEqual({});
  });

  it('names each differing value by its JSON pointer', () => {
    expect(
      settingsDelta(
        { speed: 2, lights: { front: { on: true, level: 3 } } },
        { speed: 1.5, lights: { front: { on: true } } },
      ),
    ).toEqual({
      '/speed': { desired: 2, reported: 1.5 },
      '/lights/front/level': { desired: 3, reported: null },
    });
  });

  it('compares arrays as one value, in order', () => {
    expect(settingsDelta({ zones: ['a', 'b'] }, { zones: ['b', 'a'] })).toEqual({
      '/zones': { desired: ['a', 'b'], reported: ['b', 'a'] },
    });
  });

  it('escapes "~" and "/" in names', () => {
    expect(Object.keys(settingsDelta({ 'a/b': { '~c': 1 } }, {}))).toEqual(['/a~1b']);
    expect(Object.keys(settingsDelta({ 'a/b': { '~c': 1 } }, { 'a/b': {} }))).toEqual(['/a~1b/~0c']);
  });

  it('takes a wanted null as applied when the member is gone, and an object for what it is', () => {
    expect(settingsDelta({ limit: null }, {})).toEqual({});
    expect(settingsDelta({ limit: null }, { limit: 3 })).toEqual({ '/limit': { desired: null, reported: 3 } });
    expect(settingsDelta({ a: {} }, { a: 1 })).toEqual({ '/a': { desired: {}, reported: 1 } });
  });

  it('is not fooled by names that every object has', () => {
    const desired = JSON.parse('{"__proto__":{"x":1},"constructor":1,"toString":2}');
    expect(Object.keys(settingsDelta(desired, {}))).toEqual(['/__proto__', '/constructor', '/toString']);
  });
});
