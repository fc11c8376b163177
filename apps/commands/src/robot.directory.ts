import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { DISPATCHABILITY_NOTICE, type Dispatchability, MusterError, ROBOTS_REQUESTS } from '#libs/contracts';
import { MicroBatch } from '#libs/database';
import { BrokerConnection, RpcClient } from '#libs/jetstream';
import { isIntroduction } from './ledger/command.policy.js';
import { CommandsSettings } from './commands.settings.js';

const MAX_REMEMBERED = 20_000;
/** Robots in one question: the answer stays far below the size of a reply. */
const MAX_ASKED = 1_000;
const ASK_TIMEOUT_MS = 3_000;

/**
 * Which robots may be commanded, as the registry knows. Questions of the same moment are asked as one; answers are
 * remembered for a few seconds, and forgotten at once when the registry tells of a change.
 */
@Injectable()
export class RobotDirectory implements OnModuleInit, OnApplicationShutdown {
  private readonly known: LRUCache<string, Dispatchability>;
  /** Counts changes: an answer that was asked for before one of them is used, but not remembered. */
  private changes = 0;
  private readonly questions = new MicroBatch<string, Dispatchability>({
    name: 'commands_dispatchability',
    maxSize: MAX_ASKED,
    maxWaitMs: 1,
    run: (robotIds) => this.ask(robotIds),
    splitOn: () => false,
  });

  constructor(
    private readonly broker: BrokerConnection,
    private readonly rpc: RpcClient,
    settings: CommandsSettings,
  ) {
    this.known = new LRUCache({ max: MAX_REMEMBERED, ttl: Math.max(settings.dispatchCacheMs, 1) });
  }

  onModuleInit(): void {
    this.broker.nc.subscribe(DISPATCHABILITY_NOTICE, { callback: (_error, notice) => this.forget(notice.string()) });
    this.broker.onReconnect(() => this.forget());
  }

  async onApplicationShutdown(): Promise<void> {
    await this.questions.close();
  }

  /** Why a command may not go to this robot; undefined when it may. */
  async refusalOf(robotId: string, commandType: string): Promise<MusterError | undefined> {
    const robot = await this.look(robotId);
    if (!robot.exists) return robotNotFound(robotId);
    if (robot.isEnabled || isIntroduction(commandType)) return undefined;
    return new MusterError('ROBOT_DISABLED', `Robot ${robotId} is disabled.`, { robotId });
  }

  /** @throws MusterError `ROBOT_NOT_FOUND`. */
  async requireRobot(robotId: string): Promise<void> {
    const { exists } = await this.look(robotId);
    if (!exists) throw robotNotFound(robotId);
  }

  /** Ids of the robots with a tag, at most `limit`. */
  idsByTag(tag: string, limit: number): Promise<readonly string[]> {
    return this.rpc.ask(ROBOTS_REQUESTS.idsByTag, { tag, limit }, ASK_TIMEOUT_MS);
  }

  private async look(robotId: string): Promise<Dispatchability> {
    return this.known.get(robotId) ?? this.questions.add(robotId);
  }

  private async ask(robotIds: readonly string[]): Promise<(Dispatchability | Error)[]> {
    const changes = this.changes;
    const request = { robotIds: [...new Set(robotIds)] };
    const answers = await this.rpc.ask(ROBOTS_REQUESTS.dispatchability, request, ASK_TIMEOUT_MS);
    const byId = new Map(answers.map((answer) => [answer.robotId, answer]));
    // An unknown robot may appear at any moment, and nothing tells: only known ones are remembered.
    if (changes === this.changes)
      for (const answer of answers) if (answer.exists) this.known.set(answer.robotId, answer);
    return robotIds.map((robotId) => byId.get(robotId) ?? { robotId, exists: false, isEnabled: false });
  }

  private forget(robotId?: string): void {
    this.changes++;
    if (robotId === undefined) this.known.clear();
    else this.known.delete(robotId);
  }
}

function robotNotFound(robotId: string): MusterError {
  return new MusterError('ROBOT_NOT_FOUND', `There is no robot ${robotId}.`, { robotId });
}
