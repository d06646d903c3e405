BEGIN TRANSACTION;
CREATE TABLE pump_accounts (
	number INTEGER NOT NULL, 
	lane TEXT NOT NULL, 
	biller_guid TEXT NOT NULL, 
	account_number TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	PRIMARY KEY (number), 
	UNIQUE (lane, biller_guid, account_number)
);
INSERT INTO "pump_accounts" VALUES(1,'default','22222222-2222-4222-8222-222222222222','10000101',2);
INSERT INTO "pump_accounts" VALUES(2,'default','22222222-2222-4222-8222-222222222222','10000102',2);
CREATE TABLE pump_attempts (
	delivery BIGINT NOT NULL, 
	attempt INTEGER NOT NULL, 
	operation TEXT NOT NULL, 
	request TEXT NOT NULL, 
	idempotent INTEGER NOT NULL, 
	started_at BIGINT NOT NULL, 
	ended_at BIGINT, 
	outcome TEXT, 
	message TEXT NOT NULL, 
	PRIMARY KEY (delivery, attempt)
);
INSERT INTO "pump_attempts" VALUES(1,1,'MakePaymentExtended','account ***',0,1781618400000,1781618400040,'delivered','posted');
INSERT INTO "pump_attempts" VALUES(2,1,'MakePaymentExtended','account ***',0,1781618400000,1781618400040,'failed','status 503');
INSERT INTO "pump_attempts" VALUES(4,1,'MakePaymentExtended','account ***',0,1781618400000,1781618400040,'refused','AccountNotFound');
CREATE TABLE pump_deliveries (
	number INTEGER NOT NULL, 
	lane TEXT NOT NULL, 
	event_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	biller_guid TEXT NOT NULL, 
	account_number TEXT NOT NULL, 
	account BIGINT NOT NULL, 
	seq INTEGER NOT NULL, 
	event TEXT NOT NULL, 
	state TEXT NOT NULL, 
	run INTEGER NOT NULL, 
	attempts INTEGER NOT NULL, 
	tries INTEGER NOT NULL, 
	message TEXT NOT NULL, 
	retry_at BIGINT, 
	accepted_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	PRIMARY KEY (number), 
	UNIQUE (lane, event_id)
);
INSERT INTO "pump_deliveries" VALUES(1,'default','old-1','payment','22222222-2222-4222-8222-222222222222','10000101',1,1,'{"account_number": "10000101", "biller_guid": "22222222-2222-4222-8222-222222222222", "id": "old-1", "kind": "payment", "lane": "default", "occurred_at": "2026-06-16T10:00:00-04:00", "payment": {"amount": "125.50", "donation": "none", "invoice_number": "500001", "paid_at": "2026-06-16T10:00:00-04:00", "payer_name": "", "reference": "ref-1", "service_fee": "2.95", "tender": "credit_card"}}','delivered',1,1,1,'posted',NULL,1781618400001,1781618400001);
INSERT INTO "pump_deliveries" VALUES(2,'default','old-2','payment','22222222-2222-4222-8222-222222222222','10000101',1,2,'{"account_number": "10000101", "biller_guid": "22222222-2222-4222-8222-222222222222", "id": "old-2", "kind": "payment", "lane": "default", "occurred_at": "2026-06-16T10:00:00-04:00", "payment": {"amount": "125.50", "donation": "none", "invoice_number": "500001", "paid_at": "2026-06-16T10:00:00-04:00", "payer_name": "", "reference": "ref-2", "service_fee": "2.95", "tender": "credit_card"}}','waiting',1,1,1,'status 503',1781618460000,1781618400002,1781618400002);
INSERT INTO "pump_deliveries" VALUES(4,'default','old-4','payment','22222222-2222-4222-8222-222222222222','10000102',2,1,'{"account_number": "10000102", "biller_guid": "22222222-2222-4222-8222-222222222222", "id": "old-4", "kind": "payment", "lane": "default", "occurred_at": "2026-06-16T10:00:00-04:00", "payment": {"amount": "125.50", "donation": "none", "invoice_number": "500001", "paid_at": "2026-06-16T10:00:00-04:00", "payer_name": "", "reference": "ref-4", "service_fee": "2.95", "tender": "credit_card"}}','dead',1,1,1,'AccountNotFound',NULL,1781618400004,1781618400004);
INSERT INTO "pump_deliveries" VALUES(5,'default','old-5','payment','22222222-2222-4222-8222-222222222222','10000102',2,2,'{"account_number": "10000102", "biller_guid": "22222222-2222-4222-8222-222222222222", "id": "old-5", "kind": "payment", "lane": "default", "occurred_at": "2026-06-16T10:00:00-04:00", "payment": {"amount": "125.50", "donation": "none", "invoice_number": "500001", "paid_at": "2026-06-16T10:00:00-04:00", "payer_name": "", "reference": "ref-5", "service_fee": "2.95", "tender": "credit_card"}}','accepted',1,0,0,'',NULL,1781618400005,1781618400005);
CREATE TABLE pump_notes (
	number INTEGER NOT NULL, 
	delivery BIGINT NOT NULL, 
	at BIGINT NOT NULL, 
	"by" TEXT NOT NULL, 
	verb TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	source TEXT NOT NULL, 
	target TEXT NOT NULL, 
	PRIMARY KEY (number)
);
INSERT INTO "pump_notes" VALUES(1,4,1781618400000,'operator','replay','the account was made','dead','accepted');
CREATE INDEX pump_deliveries_account ON pump_deliveries (account, seq);
CREATE INDEX pump_deliveries_line ON pump_deliveries (account, seq) WHERE state IN ('accepted', 'sending', 'waiting');
CREATE INDEX pump_deliveries_left ON pump_deliveries (state, number) WHERE state IN ('dead', 'unknown');
CREATE INDEX pump_deliveries_due ON pump_deliveries (retry_at) WHERE state = 'waiting';
CREATE INDEX ix_pump_notes_delivery ON pump_notes (delivery);
COMMIT;
