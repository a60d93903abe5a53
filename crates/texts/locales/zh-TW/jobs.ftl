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

portal-need-pin = 您目前的PIN碼
portal-need-pin-hint = 忘記了，請改用「鎖卡解碼／重設PIN碼」。
portal-note-locked = PIN碼連續輸入錯誤會鎖住卡片；重設後就能再用，不必換卡。
portal-note-barred = 憑證停用或廢止的卡片不能重設PIN碼；停用的請先辦理復用。
portal-note-wrong-pin = 目前的PIN碼連續輸入錯誤會鎖住卡片；不確定時請先停下來。
portal-note-forgotten = 忘記目前的PIN碼，請改用「鎖卡解碼／重設PIN碼」。
portal-note-why-differs = 網路、讀卡機或電源在寫入途中斷了，憑證可能已經簽發，卻沒有寫進卡片。檢測會找出來，重寫就能補上。
portal-note-check-reads = 檢測只讀取卡片，可以隨時做。

# 檢測結果

portal-check-slots = 卡片和憑證資料庫
portal-check-slot = 位置
portal-check-on-card = 卡片裡的憑證序號
portal-check-in-database = 資料庫的憑證序號
portal-check-same = 相符
portal-check-differs = 不相符
portal-check-compared = 比對
portal-check-none = 沒有
portal-check-a = 檢查結果：IC卡內容與憑證資料庫符合，無需更新
    .means = 憑證狀態為「有效」，可於應用服務正常使用。您不必再做什麼。
portal-check-b1 = 檢查結果：憑證有效，但IC卡內容與憑證資料庫不符合
    .means = 憑證狀態為「有效」，但卡片需要憑證重寫。請準備PIN碼，按下面的按鈕；憑證更新時請勿拔取卡片。
portal-check-b2 = 完成憑證重寫
    .means = 憑證已可正常使用。您不必再做什麼。
portal-check-suspended = 檢查結果：憑證狀態為「停用」
    .means = 憑證暫時不能使用，也不需要重寫。請先辦理憑證復用，再使用卡片。
portal-check-expired = 檢查結果：憑證狀態為「已過期」
    .means = 憑證超過有效期間，不需要重寫。請辦理展期，或聯絡我們重新申請。
portal-check-revoked = 檢查結果：憑證狀態為「廢止」
    .means = 憑證已永久失效，不需要重寫。如仍需要憑證，請重新申請。

# 憑證測試的結果

portal-test-passed = 測試通過
    .means = 每張憑證和金鑰都正常，可以使用。
portal-test-failed = 測試沒有全部通過
    .means = 請看下面哪一項沒有通過。卡片內容不符時，請做「檢測卡片」；狀態不是有效時，請依狀態的說明辦理；其他情形請聯絡我們。
portal-test-report = 測試報告
portal-test-key = 金鑰
portal-test-on-card = 卡片和資料庫
portal-test-chain = 憑證鏈
portal-test-yes = 通過
portal-test-no = 沒有通過
portal-test-means = 金鑰：簽章憑證和登入憑證簽了章，並驗證無誤；加解密憑證算出了正確的秘密。憑證鏈：憑證由本中心簽發，本中心的憑證由根憑證簽發。
