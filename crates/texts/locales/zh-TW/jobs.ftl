# 卡片作業：每一種的名稱、說明和結果。

portal-job-activate = 開卡
    .choice = 設定新卡片的PIN碼，讓卡片可以使用。需要卡片和讀卡機，約 1 分鐘。
    .lead = 開卡後您就有自己的PIN碼，卡片也才能使用。整個過程約 1 分鐘。
    .start = 進行開卡
    .how = 輸入用戶代碼，再輸入新的PIN碼兩次。PIN碼是 { $digits } 個數字，由您自己決定。
    .wait = 等候約 1 分鐘，看到「開卡成功」就完成了。
    .done = 開卡成功
    .done-lead = 您的卡片可以使用了，現在可以把卡片取出。
    .failed = 開卡沒有完成
    .running = 開卡進行中

portal-job-unlock = 鎖卡解碼／重設PIN碼
    .choice = PIN碼輸入錯誤被鎖住，或是忘記了PIN碼。用用戶代碼設定新的PIN碼。
    .lead = PIN碼鎖住或忘記時，用您的用戶代碼重新設定一個。憑證和金鑰都不會改變，約 1 分鐘。
    .start = 重設PIN碼
    .how = 輸入用戶代碼，再輸入新的PIN碼兩次。PIN碼是 { $digits } 個數字，由您自己決定。
    .how-code = 輸入用戶代碼。檢核通過後，卡片視窗會顯示PUK碼。
    .how-keypad = 在讀卡機的數字鍵上輸入PUK碼，再輸入新的PIN碼兩次，每次按確認鍵。PIN碼是 { $digits } 個數字，由您自己決定。讀卡機沒有數字鍵時，在卡片視窗輸入。
    .how-proof = 最後再輸入一次新的PIN碼。
    .wait = 等候約 1 分鐘，看到「PIN碼已重設」就完成了。
    .done = PIN碼已重設
    .done-lead = 卡片已經解鎖，可以用新的PIN碼了。現在可以把卡片取出。
    .failed = PIN碼沒有重設
    .running = 正在重設PIN碼

portal-job-change_pin = 更改PIN碼
    .choice = 知道目前的PIN碼，想換一個新的。
    .lead = 把目前的PIN碼換成您自己的新號碼。只在您的電腦和卡片之間進行，不經過伺服器。
    .start = 更改PIN碼
    .how = 輸入目前的PIN碼，再輸入新的PIN碼兩次。新的PIN碼是 { $digits } 個數字。
    .wait = 幾秒鐘後看到「PIN碼已更改」就完成了。
    .done = PIN碼已更改
    .done-lead = 從現在起請使用新的PIN碼。現在可以把卡片取出。
    .failed = PIN碼沒有更改
    .running = 正在更改PIN碼

portal-job-information = 檢視憑證IC卡資訊
    .choice = 查看卡號、持有者、效期、憑證、是否已開卡，以及PIN碼還可以試幾次。
    .lead = 讀出卡片並查詢資料庫，顯示這張卡片的資訊。不需要PIN碼，也不會改變卡片內容。
    .start = 檢視卡片
    .how = 卡片視窗會顯示卡號、持有者、效期、每張憑證的序號和狀態。
    .wait = 看完後關閉卡片視窗就可以了。
    .done = 檢視完成
    .done-lead = 您可以把卡片取出。
    .failed = 沒有完成
    .running = 檢視中

portal-job-check = 檢測卡片
    .choice = 查看卡片內容是否和憑證資料庫相符；卡片不能用、或是寫入中斷過時，請從這裡開始。
    .lead = 讀出卡片裡的憑證，和憑證資料庫比對，並告訴您該怎麼做。不需要PIN碼，也不會改變卡片內容。
    .start = 開始檢測
    .how = 確認是您的卡片，按「開始檢測」。
    .wait = 等候約 10 秒，結果會顯示在這一頁。
    .done = 檢測結果
    .done-lead = 卡片內容和憑證資料庫已經比對完成。
    .failed = 檢測沒有完成
    .running = 檢測進行中

portal-job-test = 憑證測試
    .choice = 實際簽章、解密一次，確認卡片和憑證都正常。需要PIN碼。
    .lead = 用卡片裡的每一把金鑰實際做一次簽章或解密，並檢查憑證鏈和狀態。不會改變卡片內容。
    .start = 開始測試
    .how = 輸入您的PIN碼。
    .wait = 等候約 10 秒，結果會顯示在這一頁，可以列印。
    .done = 測試結果
    .done-lead = 測試完成。
    .failed = 測試沒有完成
    .running = 測試進行中

portal-job-rewrite = 憑證重寫
    .choice = 檢測結果需要重寫時，把憑證重新寫入卡片。需要PIN碼。
    .lead = 把憑證資料庫裡的憑證寫回卡片；已簽發但沒有寫入的憑證，也會在這時下載到卡片。約 1 分鐘。
    .start = 執行「憑證重寫」
    .how = 輸入您的PIN碼。
    .wait = 等候約 1 分鐘，看到「完成憑證重寫」就完成了。
    .done = 完成憑證重寫
    .done-lead = 憑證已可正常使用。現在可以把卡片取出。
    .failed = 憑證重寫沒有完成
    .running = 憑證重寫進行中

portal-job-set_email = 寫入安全電子郵件信箱
    .choice = 把您的電子郵件信箱寫進憑證，就能用來簽章和收取加密的信。需要PIN碼。
    .lead = 先寄一封信到您的信箱，確認信箱是您的；再重新簽發含有這個信箱的憑證，寫入卡片。金鑰不會改變。
    .start = 繼續
    .how = 輸入您的PIN碼。
    .wait = 接著這一頁會請您查看信件。
    .done = 電子郵件信箱已寫入
    .done-lead = 憑證裡已經有這個信箱，原來的憑證不再有效。現在可以把卡片取出。
    .failed = 電子郵件信箱沒有寫入
    .running = 正在寫入電子郵件信箱

portal-job-suspend = 用卡片辦理憑證停用
    .lead = 卡片證明是哪一張，用戶代碼證明您是持有者。停用後，憑證暫時不能使用。
    .start = 停用憑證
    .how = 輸入您的用戶代碼。
    .wait = 幾秒鐘後看到「憑證已停用」就完成了。
    .done = 憑證已停用
    .done-lead = 從現在起，這張卡片的憑證不能用來簽章或登入。卡片本身沒有改變。
    .failed = 憑證沒有停用
    .running = 正在停用憑證

portal-job-resume = 用卡片辦理憑證復用
    .lead = 卡片證明是哪一張，用戶代碼證明您是持有者。您自己辦理的停用會解除；憑證中心或窗口停用的，要由他們恢復。
    .start = 復用憑證
    .how = 輸入您的用戶代碼。
    .wait = 幾秒鐘後看到「已解除您的停用」就完成了。
    .done = 已解除您的停用
    .done-lead = 您辦理的停用已經解除。下面是憑證現在的狀態。
    .failed = 停用沒有解除
    .running = 正在解除停用

portal-job-revoke = 用卡片辦理憑證廢止
    .lead = 廢止後憑證永久失效，誰都不能恢復。只是暫時不用卡片的話，請改辦停用。
    .start = 確定廢止
    .how = 輸入您的用戶代碼。
    .wait = 幾秒鐘後看到「憑證已廢止」就完成了。
    .done = 憑證已廢止
    .done-lead = 這張卡片的憑證已永久失效，不能再用來簽章或登入。
    .failed = 憑證沒有廢止
    .running = 正在廢止憑證

portal-note-suspend-back = 要再使用時，辦理「憑證復用」就能恢復。

portal-job-login = 憑證登入
    .choice = 用卡片和PIN碼登入，查看自己的卡片，或決定別人能不能查到您的憑證。
    .lead = 用卡片和PIN碼登入本網站。登入後可以查看自己的卡片；機關、組織的正卡還可以查看機關所有憑證和快過期憑證。
    .start = 登入
    .how = 輸入您的PIN碼。
    .wait = 幾秒鐘後，這一頁會自動進入您要看的頁面。
    .done = 登入成功
    .done-lead = 已經登入。
    .failed = 登入沒有完成
    .running = 登入中

portal-need-pin = 您目前的PIN碼
portal-how-number = 輸入卡片號碼，不含前面的 { $prefix }。
portal-number-hint = 卡片上 { $prefix } 後面的 { $digits } 個數字。有不只一張卡片時，用它確認是哪一張。
portal-number-wrong = 請輸入卡號的 { $digits } 個半形數字，不含前面的 { $prefix }。
portal-need-keypad = 最好是有數字鍵的讀卡機，PUK碼和PIN碼直接在上面輸入
portal-note-puk = PUK碼只用一次，完成後卡片會自動換成新的，不必抄下來，也不要告訴別人。
portal-note-locked = PIN碼連續輸入錯誤會鎖住卡片；重設後就能再用，不必換卡。
portal-note-barred = 憑證停用或廢止的卡片不能重設PIN碼；停用的請先辦理「憑證復用」。
portal-note-wrong-pin = 目前的PIN碼連續輸入錯誤會鎖住卡片；不確定時請先停下來。
portal-note-forgotten = 忘記目前的PIN碼，請改用「鎖卡解碼／重設PIN碼」。
portal-note-forgotten-elsewhere = 忘記目前的PIN碼，請聯絡我們重設。
portal-note-why-differs = 網路、讀卡機或電源在寫入途中斷了，憑證可能已經簽發，卻沒有寫進卡片。檢測會找出來，重寫就能補上。
portal-note-check-reads = 檢測只讀取卡片，可以隨時做。
portal-note-activate-first = 新卡片不必檢測，請先辦理「開卡」。
portal-note-information-reads = 檢視只讀取卡片，可以隨時看，不會用掉PIN碼的次數。
portal-note-test-reads = 測試不會改變卡片內容，可以隨時做。

# 檢測結果

portal-check-slots = 卡片和憑證資料庫
portal-check-on-card = 卡片裡的憑證序號
portal-check-in-database = 資料庫的憑證序號
portal-check-same = 相符
portal-check-differs = 不相符
portal-check-compared = 比對
portal-check-none = 沒有
portal-check-unfinished-unlock = 之前有一次解鎖在完成前中斷了。卡片可以使用；有空時請再解鎖一次，就會接著完成：
portal-check-unfinished-rewrite = 有憑證已經為這張卡片簽發，因為中斷還沒有寫入。重寫就會接著完成。
portal-check-a = 檢查結果：IC卡內容與憑證資料庫符合，無需更新
    .means = 憑證狀態為「有效」，可於應用服務正常使用。您不必再做什麼。
portal-check-b1 = 檢查結果：憑證有效，但IC卡內容與憑證資料庫不符合
    .means = 憑證狀態為「有效」，但卡片需要憑證重寫。請準備PIN碼，按下面的按鈕；憑證更新時請勿拔取卡片。
portal-check-b2 = 完成憑證重寫
    .means = 憑證已可正常使用。您不必再做什麼。
portal-check-suspended = 檢查結果：憑證狀態為「停用」
    .means = 憑證是您自己停用的，暫時不能使用，也不需要重寫。要再使用卡片，請先辦理「憑證復用」。
    .means-both = 您自己停用了憑證，中心或註冊窗口也停用了，暫時不能使用，也不需要重寫。您的部分請辦理「憑證復用」；其餘的請聯絡我們了解原因。
    .means-others = 憑證是由中心或註冊窗口停用的，暫時不能使用，也不需要重寫。您不能自己復用，請聯絡我們了解原因。
    .means-elsewhere = 憑證暫時不能使用，也不需要重寫。要再使用卡片，請聯絡我們辦理復用。
portal-check-expired = 檢查結果：憑證狀態為「已過期」
    .means = 憑證超過有效期間，不需要重寫。還需要憑證的話，請聯絡我們申請換發。
    .means-renew = 憑證超過有效期間，不需要重寫。請聯絡我們辦理展期，或申請新卡片。
portal-check-expired-decrypt = 先前加密給您的檔案，還是要用這張卡片解密；卡片繳回或丟棄前，請先解密另存。
portal-check-revoked = 檢查結果：憑證狀態為「廢止」
    .means = 憑證已永久失效，不需要重寫。如仍需要憑證，請重新申請。

# 憑證測試的結果

portal-test-passed = 測試通過
    .means = 每張憑證和金鑰都正常，可以使用。
portal-test-failed = 測試沒有全部通過
    .means = 請看下面哪一項沒有通過。卡片內容不符時，請做「檢測卡片」；狀態不是有效時，請依狀態的說明辦理；其他情形請聯絡我們。
portal-test-report = 測試報告
portal-test-by = 憑證管理中心
portal-test-at = 測試時間
portal-test-print = 列印報告
portal-test-key = 金鑰
portal-test-on-card = 卡片和資料庫
portal-test-chain = 憑證鏈
portal-test-yes = 通過
portal-test-no = 沒有通過
portal-test-means = 金鑰：簽章憑證和登入憑證簽了章，並驗證無誤；加解密憑證算出了正確的秘密。憑證鏈：憑證由本中心簽發，本中心的憑證由根憑證簽發。

# 寫入安全電子郵件信箱

portal-need-mailbox = 您的電子郵件信箱
portal-need-mailbox-hint = 等一下會寄一封信過去，您要能讀到那封信。
portal-note-email-public = 看到憑證的人都能讀到裡面的信箱，請選可以公開的，例如機關的信箱。
portal-note-email-twice = 卡片會用到兩次：寄信之前一次，確認信箱之後一次。
portal-note-email-old = 以前加密給您的信仍然能讀，金鑰沒有改變。
portal-email-address = 電子郵件信箱
portal-email-hint = 憑證裡會寫這個信箱，例如 name@agency.example。
portal-email-wrong = 請輸入電子郵件信箱，例如 name@agency.example，不要有空格。
portal-email-awaiting = 請查看您的信件
portal-email-awaiting-lead = 我們已經寄一封信到 { $email }。卡片還沒有任何改變。
portal-email-next = 接下來
portal-email-next-look = 打開那個信箱，找到我們的信。可能要等一分鐘，也可能在垃圾郵件裡。
portal-email-next-open = 開啟信裡的連結，或在下面輸入信裡的代碼。兩者都在 30 分鐘內有效。
portal-email-next-write = 接著就把信箱寫入卡片。卡片請留在讀卡機裡。
portal-email-code = 信裡的代碼
portal-email-code-hint = 8 個英文字母和數字，不分大小寫。
portal-email-code-button = 確認
portal-email-code-missing = 請輸入信裡的代碼。
portal-email-code-wrong = 這不是我們最新那封信的代碼，或是已經過期。請再看一次代碼，或重新開始，我們會再寄一封信。
portal-email-again = 重新開始
portal-email-confirm = 這是您的電子郵件信箱嗎？
portal-email-confirm-lead = 這張卡片的持有者希望把這個信箱寫進憑證。看到憑證的人都能讀到它。
portal-email-confirm-button = 是我的信箱
portal-email-confirm-not = 如果您不知道這件事，關閉這一頁就好，什麼都不會改變。
portal-email-confirmed = 信箱已確認：請寫入卡片
portal-email-confirmed-lead = 還有最後一步。請把卡片放在讀卡機裡，準備PIN碼，按「繼續」。一天之內都可以做。
portal-email-over = 這個連結已經失效
portal-email-over-text = 連結已經過期、被較新的取代，或不是我們寄出的。什麼都沒有變更。
