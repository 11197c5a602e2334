import { STATUS_CODES } from 'node:http'

export interface RawRefusal {
  readonly status: number
  /** Of the distribution API; for the AWS door its exception's name. */
  readonly code: string
  readonly message: string
  readonly headers?: Readonly<Record<string, string>>
  readonly form?: 'oci' | 'aws'
}

/** A whole answer for a connection on which no request could be read; it closes the connection. */
export function rawRefusal({ status, code, message, headers, form }: RawRefusal): string {
  const document = form === 'aws' ? { __type: code, message } : { errors: [{ code, message }] }
  const body = JSON.stringify(document)
  const lines = Object.entries({
    ...headers,
    'content-type': form === 'aws' ? 'application/x-amz-json-1.1' : 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`
}
