import { Controller, Header } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ROUTES } from '#libs/contracts';
import { Endpoint } from '../../http/route.decorator.js';
import { JwksResponse } from '../sessions/auth.dto.js';
import { SigningKeys } from './signing-keys.js';

@ApiTags('auth')
@Controller()
export class JwksController {
  constructor(private readonly keys: SigningKeys) {}

  @Endpoint(ROUTES.jwks, { response: JwksResponse })
  @Header('cache-control', 'public, max-age=300')
  jwks(): JwksResponse {
    return this.keys.publicKeys();
  }
}
