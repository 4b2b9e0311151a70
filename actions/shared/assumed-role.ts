import { AssumeRoleWithWebIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { SetupError } from '../../pipeline/errors.ts';

interface Options {
  /** ARN of the role. */
  role: string;
  /** The session's name, which CloudTrail shows; characters that AWS refuses are replaced. */
  session: string;
  core: { getIDToken(audience: string): Promise<string>; setSecret(secret: string): void };
  now?: () => number;
}

interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  expiration: Date;
}

/** Credentials are renewed this many milliseconds before they expire, so that none expire during a call. */
const margin = 5 * 60_000;

/**
 * Credentials of a role from the workflow's own token (OIDC). They are renewed before they expire, because a run may take
 * longer than the hour that they last, and masked before they are used.
 */
export function assumedRole({ role, session, core, now = Date.now }: Options): () => Promise<Credentials> {
  let current: Promise<Credentials> | null = null;
  const assume = async (): Promise<Credentials> => {
    const token = await core.getIDToken('sts.amazonaws.com');
    // Roles are global, so any region's service will do.
    const client = new STSClient({ region: process.env.AWS_REGION ?? 'us-east-1' });
    const asked = new AssumeRoleWithWebIdentityCommand({
      RoleArn: role,
      RoleSessionName: session.replaceAll(/[^\w+=,.@-]/g, '-').slice(0, 64),
      WebIdentityToken: token,
    });
    const { Credentials: made } = await client.send(asked).catch((error: Error) => {
      throw new SetupError(
        `role ${role}: the workflow may not assume it (${error.message}), expected a role that trusts exactly ` +
          `"${subjectOf(token)}", the subject of this job; npm run bootstrap creates it`,
      );
    });
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '', Expiration } = made ?? {};
    for (const secret of [AccessKeyId, SecretAccessKey, SessionToken])
      if (secret !== '') core.setSecret(secret);
    if (AccessKeyId === '' || Expiration === undefined)
      throw new Error(`${role}: got no credentials from AssumeRoleWithWebIdentity, expected some`);
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      expiration: Expiration,
    };
  };
  return async () => {
    const held = await current?.catch(() => null);
    if (!held || held.expiration.getTime() - now() < margin) current = assume();
    return await (current as Promise<Credentials>);
  };
}

/** The token's subject, which describes the job and which roles trust word for word. */
function subjectOf(token: string): string {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
  return (JSON.parse(payload) as { sub: string }).sub;
}
