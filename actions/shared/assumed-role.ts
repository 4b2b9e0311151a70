import { AssumeRoleWithWebIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { SetupError } from '../../pipeline/errors.ts';

interface Options {
  /** ARN of the role. */
  role: string;
  /** What CloudTrail shows; characters that it refuses are replaced. */
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

/** Before they lapse, in milliseconds, so that no call is signed with credentials that end meanwhile. */
const margin = 5 * 60_000;

/**
 * Credentials of a role by the workflow's own token (OIDC), made anew before they lapse: a run may take longer than
 * the hour that they last. Masked before anything else.
 */
export function assumedRole({ role, session, core, now = Date.now }: Options): () => Promise<Credentials> {
  let current: Promise<Credentials> | null = null;
  const assume = async (): Promise<Credentials> => {
    const token = await core.getIDToken('sts.amazonaws.com');
    // Which regional service is asked does not matter: roles are global.
    const client = new STSClient({ region: process.env.AWS_REGION ?? 'us-east-1' });
    const asked = new AssumeRoleWithWebIdentityCommand({
      RoleArn: role,
      RoleSessionName: session.replaceAll(/[^\w+=,.@-]/g, '-').slice(0, 64),
      WebIdentityToken: token,
    });
    const { Credentials: made } = await client.send(asked).catch((error: Error) => {
      throw new SetupError(
        `role ${role}: the workflow may not assume it (${error.message}); expected a role that trusts exactly ` +
          `"${subjectOf(token)}", the subject of this job: npm run bootstrap makes it`,
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

/** What the token says the job is; roles trust it word for word. */
function subjectOf(token: string): string {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
  return (JSON.parse(payload) as { sub: string }).sub;
}
