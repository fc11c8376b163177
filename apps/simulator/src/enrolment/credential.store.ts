import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { RobotCredentials } from '../robot/link.js';
import { Credentials } from './gateway.client.js';

const Kept = Compile(Type.Object({ robotId: Type.String(), gateway: Type.String(), credentials: Credentials }));

/** Keeps each robot's credentials in a file of its own that only its owner can read. */
export class CredentialStore {
  constructor(
    private readonly directory: string,
    /** Credentials of one platform are of no use on another. */
    private readonly gateway: string,
  ) {}

  load(robotId: string): RobotCredentials | undefined {
    const kept = readJson(this.file(robotId));
    // The id is checked too: a file system that ignores case would give rb-1 the credentials of RB-1.
    const fits = Kept.Check(kept) && kept.robotId === robotId && kept.gateway === this.gateway;
    return fits ? kept.credentials : undefined;
  }

  save(robotId: string, credentials: RobotCredentials): void {
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    const unfinished = `${this.file(robotId)}.${process.pid}`;
    const text = JSON.stringify({ robotId, gateway: this.gateway, credentials }, undefined, 2);
    writeFileSync(unfinished, `${text}\n`, { mode: 0o600 });
    renameSync(unfinished, this.file(robotId));
  }

  forget(robotId: string): void {
    rmSync(this.file(robotId), { force: true });
  }

  private file(robotId: string): string {
    return join(this.directory, `${robotId}.json`);
  }
}

/** A file that is missing or cut short holds nothing. */
function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
