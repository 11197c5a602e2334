// SPDX's own Python tools as a judge of documents, where they are installed (`pip install spdx-tools`).
import { spawnSync } from 'node:child_process'

const script = `
import sys
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
for path in sys.argv[1:]:
    for message in validate_full_spdx_document(parse_file(path)):
        print(path, message.validation_message, message.context.spdx_id)
`

export const hasSpdxTools =
  spawnSync('python3', ['-c', 'import spdx_tools'], { stdio: 'ignore' }).status === 0

/** What is wrong with documents in files whose names end with .spdx.json; empty where nothing is. */
export function judgeSpdx(paths: readonly string[]): string {
  const ran = spawnSync('python3', ['-c', script, ...paths], { encoding: 'utf8' })
  return ran.stdout + (ran.status === 0 ? '' : ran.stderr)
}
