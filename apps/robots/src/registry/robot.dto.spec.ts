import { type RobotRow, toRobotDto } from './robot.dto.js';
import { searchKey, searchPattern } from './search-key.js';

const ROW: RobotRow = {
  robotId: 'RB-1',
  displayName: 'RB-1',
  isEnabled: true,
  tagsJson: null,
  notes: null,
  mapId: null,
  homeStationId: null,
  presence: 'online',
  lastSeenAt: new Date('2026-11-20T12:00:00Z'),
  createdAt: new Date('2026-11-20T11:00:00Z'),
  updatedAt: new Date('2026-11-20T11:00:00Z'),
  identitySnapshotId: null,
  model: null,
  vendor: null,
  firmwareVersion: null,
  serialNumber: null,
  capability: null,
  reportedSettings: null,
};

describe('RobotDto', () => {
  it('ROB-040 has the base fields and no identity before one was reported', () => {
    expect(toRobotDto(ROW)).toEqual({
      robotId: 'RB-1',
      displayName: 'RB-1',
      isEnabled: true,
      tags: null,
      notes: null,
      mapId: null,
      homeStationId: null,
      presence: 'online',
      lastSeenAt: '2026-11-20T12:00:00.000Z',
      createdAt: '2026-11-20T11:00:00.000Z',
      updatedAt: '2026-11-20T11:00:00.000Z',
      identity: null,
      capability: null,
      reportedSettings: null,
    });
  });

  it('ROB-041 shows the summary of the identity, with null for what the robot does not say', () => {
    const dto = toRobotDto({ ...ROW, identitySnapshotId: crypto.randomUUID(), model: 'M1' });
    expect(dto.identity).toEqual({ model: 'M1', vendor: null, firmwareVersion: null, serialNumber: null });
  });
});

describe('text search', () => {
  it('folds case and spelling, and takes wildcards literally', () => {
    expect(searchKey('RB-1', 'Ärger Ｂot')).toBe('rb-1\närger bot');
    expect(searchPattern('50%_\\')).toBe('%50\\%\\_\\\\%');
  });
});
