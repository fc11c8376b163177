import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Length, MaxLength } from 'class-validator';
import { ROLES, type Role } from '#libs/contracts';

export class LogInRequest {
  @ApiProperty({ example: 'operator' })
  @IsString()
  @Length(1, 100)
  username!: string;

  @ApiProperty({ example: 'correct horse battery staple' })
  @IsString()
  @Length(1, 1024)
  password!: string;
}

export class RefreshRequest {
  @ApiProperty({ example: 'mrt_…' })
  @IsString()
  @Length(1, 256)
  refreshToken!: string;
}

export class LogOutRequest {
  @ApiPropertyOptional({
    example: 'mrt_…',
    description: 'Ends the log-in of this token; without it the one of the access token.',
  })
  @IsOptional()
  @IsString()
  @MaxLength(256)
  refreshToken?: string;
}

export class TokenResponse {
  @ApiProperty({ description: 'A JWT for the Authorization header.' })
  accessToken!: string;

  @ApiProperty({ description: 'Good once, for new tokens.' })
  refreshToken!: string;

  @ApiProperty({ enum: ['Bearer'] })
  tokenType!: 'Bearer';

  @ApiProperty({ description: 'Seconds for which the access token is good.', example: 900 })
  expiresIn!: number;
}

export class PrincipalResponse {
  @ApiProperty({ enum: ['user', 'apiKey', 'foreign', 'machine'] })
  kind!: 'user' | 'apiKey' | 'foreign' | 'machine';

  @ApiProperty()
  id!: string;

  @ApiProperty({ example: 'operator' })
  name!: string;

  @ApiProperty({ enum: ROLES, isArray: true })
  roles!: readonly Role[];

  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Null for an API key.' })
  expiresAt!: string | null;
}

/** RFC 7517. */
export class JwksResponse {
  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: { type: 'string' } },
    example: [{ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig', kid: '76aa0e96', x: 'il9t…', y: '3Hav…' }],
  })
  keys!: object[];
}
