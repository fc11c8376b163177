import { Controller, type INestMicroservice, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { from, type Observable } from 'rxjs';
import {
  COMMANDS_REQUESTS,
  ENTITIES_REQUESTS,
  type FleetPage,
  type FleetQuery,
  MusterError,
  type RequestContract,
  type RobotDto,
  ROBOTS_REQUESTS,
  type RobotUpdate,
  TELEMETRY_REQUESTS,
} from '#libs/contracts';
import { Answers, type BrokerConnection, RpcErrorFilter, RpcServer } from '#libs/jetstream';

export interface Question {
  readonly subject: string;
  readonly request: any;
}

/** The services behind the gateway, as it sees them: they answer as a test says and write down what was asked. */
export class FakeServices {
  readonly questions: Question[] = [];
  /** Key: robot id. */
  readonly robots = new Map<string, RobotDto>();
  /** Key: subject of a question; answers it instead of the default. */
  readonly answers = new Map<string, (request: any) => unknown>();
  private app: INestMicroservice | undefined;

  async listen(broker: BrokerConnection): Promise<void> {
    const app = await NestFactory.createMicroservice(moduleOf(this), {
      strategy: new RpcServer(broker),
      logger: false,
    });
    app.useGlobalFilters(new RpcErrorFilter(() => false));
    await app.listen();
    this.app = app;
  }

  /** Answers no more, so that a real service may. */
  async close(): Promise<void> {
    const { app } = this;
    this.app = undefined;
    await app?.close();
  }

  /** Puts a robot into the registry. */
  enrol(robotId: string, more: Partial<RobotDto> = {}): RobotDto {
    const robot = { ...EMPTY_ROBOT, robotId, displayName: robotId, ...more };
    this.robots.set(robotId, robot);
    return robot;
  }

  asked(contract: { readonly subject: string }): any[] {
    return this.questions.filter(({ subject }) => subject === contract.subject).map(({ request }) => request);
  }

  answer(contract: { readonly subject: string }, request: any): any {
    this.questions.push({ subject: contract.subject, request });
    const told = this.answers.get(contract.subject);
    return told ? told(request) : this.byDefault(contract, request);
  }

  private byDefault({ subject }: { readonly subject: string }, request: any): unknown {
    if (subject === ROBOTS_REQUESTS.update.subject) return this.update(request);
    if (subject === ROBOTS_REQUESTS.setDesired.subject) return this.robot(request.robotId) && { ok: true };
    return this.robot(request.robotId);
  }

  private update({ robotId, update }: { robotId: string; update: RobotUpdate }): RobotDto {
    const robot = { ...this.robot(robotId), ...update };
    this.robots.set(robotId, robot);
    return robot;
  }

  private robot(robotId: string): RobotDto {
    const robot = this.robots.get(robotId);
    if (!robot) throw new MusterError('ROBOT_NOT_FOUND', `There is no robot "${robotId}".`, { robotId });
    return robot;
  }
}

const EMPTY_ROBOT: Omit<RobotDto, 'robotId' | 'displayName'> = {
  isEnabled: true,
  tags: null,
  notes: null,
  mapId: null,
  homeStationId: null,
  presence: 'unknown',
  lastSeenAt: null,
  createdAt: '2026-11-20T10:00:00.000Z',
  updatedAt: '2026-11-20T10:00:00.000Z',
  identity: null,
  capability: null,
  reportedSettings: null,
};

const PAGE_PART = 2;

function moduleOf(services: FakeServices): Type {
  @Controller()
  class Responder {
    /** In parts, as the registry does. */
    @Answers(ROBOTS_REQUESTS.list)
    list(query: FleetQuery): Observable<FleetPage> {
      services.questions.push({ subject: ROBOTS_REQUESTS.list.subject, request: query });
      const all = [...services.robots.values()].filter(({ robotId }) => robotId > (query.after ?? ''));
      const robots = all.slice(0, query.limit);
      const next = all.length > query.limit ? (robots.at(-1)?.robotId ?? null) : null;
      const parts: FleetPage[] = [];
      for (let i = 0; i < robots.length; i += PAGE_PART) {
        parts.push({ robots: robots.slice(i, i + PAGE_PART), next, total: services.robots.size });
      }
      return from(parts.length > 0 ? parts : [{ robots: [], next: null, total: services.robots.size }]);
    }
  }
  const plain: readonly RequestContract<any, any>[] = [
    ...Object.values(ROBOTS_REQUESTS).filter(({ subject }) => subject !== ROBOTS_REQUESTS.list.subject),
    ...Object.values(COMMANDS_REQUESTS),
    ENTITIES_REQUESTS.get,
    TELEMETRY_REQUESTS.latest,
  ];
  const controllers = plain.map((contract) => {
    @Controller()
    class One {
      @Answers(contract)
      answer(request: unknown): unknown {
        return services.answer(contract, request);
      }
    }
    return One;
  });
  @Module({ controllers: [Responder, ...controllers] })
  class ServicesModule {}
  return ServicesModule;
}
