import { Controller } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Principal } from '#libs/auth';
import { ROBOTS_REQUESTS, ROUTES, type RobotReportDto, type SettingsDeltaDto } from '#libs/contracts';
import { RpcClient } from '#libs/jetstream';
import { CurrentPrincipal } from '../auth/guards/request.principal.js';
import { JsonBody, RobotId } from '../http/edge.body.js';
import { requesterOf } from '../http/requester.js';
import { Endpoint } from '../http/route.decorator.js';
import { requireSettings } from './robot.update.js';
import { SettingsDesiredRequest } from './robots.dto.js';
import { OkResponse, RobotReportResponse, SettingsDeltaResponse } from './robots.responses.js';

const ROBOT_ERRORS = ['ROBOT_ID_INVALID', 'ROBOT_NOT_FOUND'] as const;

@ApiTags('settings')
@Controller()
export class SettingsController {
  constructor(private readonly rpc: RpcClient) {}

  @Endpoint(ROUTES.settingsDesired, { response: OkResponse, errors: [...ROBOT_ERRORS, 'PAYLOAD_TOO_LARGE'] })
  setDesired(
    @RobotId() robotId: string,
    @JsonBody() body: SettingsDesiredRequest,
    @CurrentPrincipal() principal: Principal,
  ): Promise<OkResponse> {
    const { by } = requesterOf(principal);
    return this.rpc.ask(ROBOTS_REQUESTS.setDesired, { robotId, payload: requireSettings(body.payload), by });
  }

  @Endpoint(ROUTES.settingsReported, { response: RobotReportResponse, errors: [...ROBOT_ERRORS, 'SETTINGS_NOT_FOUND'] })
  reported(@RobotId() robotId: string): Promise<RobotReportDto> {
    return this.rpc.ask(ROBOTS_REQUESTS.settingsReported, { robotId });
  }

  @Endpoint(ROUTES.settingsDelta, { response: SettingsDeltaResponse, errors: [...ROBOT_ERRORS] })
  delta(@RobotId() robotId: string): Promise<SettingsDeltaDto> {
    return this.rpc.ask(ROBOTS_REQUESTS.settingsDelta, { robotId });
  }
}
