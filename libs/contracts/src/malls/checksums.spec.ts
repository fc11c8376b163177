import {
  checksumBytes,
  checksumText,
  collectionChecksum,
  globalChecksum,
  isCollection,
  recordChecksum,
} from './checksums.js';

/** Computed elsewhere (Python's hashlib over texts written by hand). */
const AREA = {
  id: 'area-1',
  name: 'Food court',
  floor_name: 1,
  polygon: [
    [0, 0],
    [10.5, 0],
    [10.5, 20],
  ],
  updated_at: '2026-01-08T10:30:00.000Z',
  created_at: '2026-01-08T10:00:00.000Z',
};
const AREA_SUM = 'sha256:e61d14aed86269b16ab43aa43a1e73cacb7b8776c756be9df090f81923debf0d';
const ATRIUM = { z: -0, x: 1e21, name: 'Åtrium "A"\n', id: 'åtrium' };
const ATRIUM_SUM = 'sha256:1a3e099e2172cd43b387b92aaf2e28ed18f934c0b23bf0cbc01d5f3a2728044b';
const EMPTY_SUM = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

describe('checksums of malls (decision C18)', () => {
  it('ORC-034 sums a record over its canonical JSON, without the checksum that it carries', () => {
    expect(recordChecksum(AREA)).toBe(AREA_SUM);
    expect(recordChecksum({ checksum: 'sha256:anything', ...AREA })).toBe(AREA_SUM);
    expect(recordChecksum(ATRIUM)).toBe(ATRIUM_SUM);
    expect(recordChecksum({ ...AREA, name: 'Food Court' })).not.toBe(AREA_SUM);
  });

  it('ORC-034 sums a collection in whatever order its records come, as text or as bytes', () => {
    const sum = 'sha256:db9cbe8f2bed57e20a3987dd545f67b904e49c4988f4847e40803d0587a73da8';
    const entries = [
      { id: 'åtrium', checksum: ATRIUM_SUM },
      { id: 'area-1', checksum: checksumBytes(AREA_SUM) },
    ];
    expect(collectionChecksum(entries)).toBe(sum);
    expect(collectionChecksum(entries.toReversed())).toBe(sum);
  });

  it('sorts ids by their bytes, where the order of UTF-16 would differ', () => {
    const entries = [
      { id: '\u{1F600}', checksum: 'b'.repeat(64) },
      { id: '\uFF5E', checksum: 'a'.repeat(64) },
    ];
    expect(collectionChecksum(entries)).toBe('sha256:eeda412dafd9eba05df10a737ef82721f122e7ed6ade176060635cf43e010d85');
  });

  it('ORC-034 sums the four collections by name; an empty one is SHA-256 of nothing', () => {
    expect(collectionChecksum([])).toBe(EMPTY_SUM);
    const areas = 'sha256:db9cbe8f2bed57e20a3987dd545f67b904e49c4988f4847e40803d0587a73da8';
    const sums = { merchants: EMPTY_SUM, areas, connections: EMPTY_SUM, beacons: EMPTY_SUM };
    expect(globalChecksum(sums)).toBe('sha256:90d9578552be34382c282552b16d5a7f1232ba7048b007e1fe54e287794fdd46');
  });

  it('turns text into bytes and back', () => {
    expect(checksumText(checksumBytes(AREA_SUM))).toBe(AREA_SUM);
    expect(checksumBytes(AREA_SUM)).toHaveLength(32);
  });

  it.each(['areas', 'beacons', 'connections', 'merchants'])('knows the collection %s', (name) => {
    expect(isCollection(name)).toBe(true);
  });

  it.each(['area', 'toString', '', 7, undefined])('knows no collection %s', (name) => {
    expect(isCollection(name)).toBe(false);
  });
});
