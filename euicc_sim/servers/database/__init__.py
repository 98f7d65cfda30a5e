"""The databases of the servers: SQLite files, one for each eIM, SM-DS and folder of packages.

    store = EimDatabase(Path("eim1.db"))
    with store.changing(eid) as card:
        card.record.counter += 1

A file is made when it is missing. A change is one transaction, on the disk when the call or block
returns; several threads and processes may use one file at once. Each kind of database implements a
protocol of its party, which never sees SQL. Start reading at `sqlite_file`, then `eim_database`.
"""

from euicc_sim.servers.database.eim_database import EimDatabase
from euicc_sim.servers.database.smdpp_database import SmdppDatabase
from euicc_sim.servers.database.smds_database import SmdsDatabase

__all__ = ["EimDatabase", "SmdppDatabase", "SmdsDatabase"]
