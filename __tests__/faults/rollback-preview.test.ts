import { testMatrix } from './matrix.ts'
import { openRollback } from './rollback.ts'

await testMatrix({ name: 'rollback of preview', open: () => openRollback() })
