// What the registry's signing service says of a signature's revocation: Pratique's, or AWS Signer.
import { GetRevocationStatusCommand, SignerClient } from '@aws-sdk/client-signer'
import type { RevocationSource } from '../../src/trust/rules/verify-in-steps.ts'

const timeoutMs = 5000

interface ServiceSettings {
  readonly region: string
  /** Undefined for AWS itself. */
  readonly endpoint?: string
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/** Who has no credentials, no right or no way there has no answer: that is 'unavailable', and never "not revoked". */
export function signingService(settings: ServiceSettings): RevocationSource['askSigner'] {
  return async ({
    signatureTimestamp,
    platformId,
    profileVersionArn,
    jobArn,
    certificateHashes,
  }) => {
    const [, , , ofProfile = settings.region] = profileVersionArn.split(':')
    // AWS answers where the profile is, and under a host of its own for this call, which a registry elsewhere has no name for.
    const place =
      settings.endpoint === undefined
        ? { ...settings, region: ofProfile }
        : { ...settings, disableHostPrefix: true }
    const signer = new SignerClient({ ...place, maxAttempts: 2 })
    const command = new GetRevocationStatusCommand({
      signatureTimestamp: new Date(signatureTimestamp),
      platformId,
      profileVersionArn,
      jobArn,
      certificateHashes: [...certificateHashes],
    })
    try {
      const abortSignal = AbortSignal.timeout(timeoutMs)
      const { revokedEntities = [] } = await signer.send(command, { abortSignal })
      return { revokedEntities }
    } catch {
      return 'unavailable'
    } finally {
      signer.destroy()
    }
  }
}
