// The command line as a client of the Signer API.
import { SignerClient } from '@aws-sdk/client-signer'
import { explain } from './failure.ts'
import { clientSettings } from './session.ts'
import { configOf } from './settings.ts'

/** Talks to the server that openSession talks to; errors come in a person's words. */
export async function askSigner<T>(work: (signer: SignerClient) => Promise<T>): Promise<T> {
  const { settings, name } = clientSettings(configOf({}))
  const signer = new SignerClient(settings)
  try {
    return await work(signer)
  } catch (error) {
    throw explain(error, name)
  } finally {
    signer.destroy()
  }
}
