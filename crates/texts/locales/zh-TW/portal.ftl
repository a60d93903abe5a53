# 入口網站

portal-title = 憑證IC卡入口網站
portal-test = 測試
portal-skip = 跳到主要內容
portal-trail = 您在這裡
portal-home = 首頁
portal-footer-test = 這裡的憑證管理中心、卡片與憑證都是測試用的，沒有法律效力。
portal-footer-cookie = 本網站的 Cookie 只記住您選擇的語言；用卡片登入時，另外記住這次登入，登出或 30 分鐘後就失效。
portal-privacy = 隱私權說明
portal-contact = 需要協助
portal-contact-text = 請在服務時間來電，並準備好卡號。不要把用戶代碼或PIN碼告訴任何人，服務人員也不會問您。
portal-telephone = 電話
portal-hours = 服務時間
portal-address = 地址

# 首頁

portal-start-title = 您的卡片是哪一個中心發的？
portal-start-lead = 請選擇核發您卡片的憑證管理中心，名稱印在卡片正面。
portal-start-number = 卡號開頭：{ $prefixes }

# 中心首頁

portal-jobs = 您要辦理什麼？
portal-certificates = 憑證查詢及下載
portal-certificates-choice = 查看憑證是否有效，下載憑證檔案。不需要卡片。
portal-counter-title = 開卡在註冊窗口辦理
portal-counter-text = 本中心的卡片由註冊窗口人員當面為您開卡，不在線上辦理。領到卡片時就可以使用。
portal-counter-bring = 請本人攜帶身分證件及卡片到註冊窗口。
portal-counter-pin = 開卡後請保管好PIN碼，並儘快換成只有您知道的號碼。
portal-counter-problem = 領卡後不能使用，請先以「憑證查詢及下載」查看憑證狀態，再聯絡我們。
portal-mailer-title = 卡片不需要開卡
portal-mailer-text = 本中心的卡片寄出時憑證已經有效，另外寄給您的密碼單上有PIN碼，兩者都收到就可以使用。
portal-mailer-apart = 卡片和密碼單分開寄送，可能相差幾天。
portal-mailer-sealed = 密碼單如果已經拆開或破損，請不要使用卡片，立刻聯絡我們。
portal-mailer-problem = 只收到其中一份，或卡片不能使用，請聯絡我們。
portal-authority-files = 中心的憑證與廢止清冊
portal-authority-files-text = 給需要驗證憑證的系統及人員使用；一般持卡人不必下載。
portal-file-certificate = 中心憑證
portal-file-root = 根憑證
portal-file-crl = 憑證廢止清冊（CRL）
portal-file-crl-root = 根憑證機構的廢止清冊（CRL）
portal-file-of = { $what }，第 { $ordinal } 代，{ $since } 起

# 卡片作業的頁面

portal-steps = 步驟
portal-step-prepare = 準備
portal-step-window = 在卡片視窗輸入
portal-step-done = 完成
portal-need = 請先準備好
portal-need-card = 您的憑證IC卡
portal-need-reader = 讀卡機，並已接上電腦
portal-need-code = 用戶代碼
portal-need-code-hint = 6 至 10 碼，英文字母大小寫有別。在密碼單上，或是申請時您自己設定的。
portal-need-agent = 這台電腦上已啟動「卡片元件」
portal-need-agent-hint = 它讓網頁能使用讀卡機。
portal-insert = 將卡片的晶片朝上，插入讀卡機到底。
portal-card = 您的卡片
portal-detect = 偵測卡片
portal-detect-again = 重新偵測
portal-card-unasked = 按「偵測卡片」可以先確認讀卡機和卡片；瀏覽器會問您是否允許，請選擇允許。也可以略過，直接開始。
portal-card-looking = 正在尋找讀卡機和卡片……
portal-card-no-reader = 找不到讀卡機。請把讀卡機接上電腦，接好後這裡會自動更新。
portal-card-no-card = 讀卡機裡沒有卡片。請將卡片晶片朝上插到底，插好後這裡會自動更新。
portal-card-found = 已偵測到卡片，請確認下面的資料是您的。
portal-card-other = 已偵測到卡片，但不是這個中心發行的。
portal-card-lost = 卡片元件沒有回應，資料可能已經不是最新的。
portal-card-not-allowed = 瀏覽器沒有讓這一頁查看讀卡機。這不影響辦理：卡片視窗會顯示您的卡片。
portal-card-agent-missing = 這台電腦上的卡片元件沒有回應，請先啟動它。
portal-card-port-taken = 有程式回應，但不是為本網站設定的卡片元件。
portal-card-help = 看看怎麼辦
portal-card-others = 其他讀卡機裡的卡片
portal-card-reader = 讀卡機
portal-card-number = 卡號
portal-card-holder = 卡片持有者
portal-card-validity = 卡片效期
portal-card-from-to = { $from } 至 { $to }
portal-card-unknown = 這不是本網站認識的憑證IC卡。請確認不是金融卡、健保卡，並且晶片朝上。
portal-card-elsewhere = 這張卡片屬於另一個憑證管理中心，請到那裡辦理：
portal-start-hint = 會開啟一個小視窗「卡片視窗」；用戶代碼和PIN碼只在那裡輸入。
portal-how = 接下來會發生什麼
portal-how-window = 開啟卡片視窗，請確認上面的卡號和姓名或機關名稱。
portal-do-not = 請不要
portal-do-not-pull = 過程中拔出卡片或讀卡機
portal-do-not-close = 過程中關閉卡片視窗或電腦
portal-do-not-use = 還沒開卡，就先到其他系統使用卡片
portal-notes = 注意事項
portal-note-days-revoke = 請在發卡日起 { $days } 天內完成開卡；逾期憑證會自動廢止，必須重新申請。
portal-note-days-suspend = 請在發卡日起 { $days } 天內完成開卡；逾期憑證會自動停用，要聯絡我們才能恢復。
portal-note-pin = 請牢記PIN碼，不要告訴任何人，也不要和卡片放在一起。
portal-note-code = 忘記用戶代碼時，不要用猜的。請用「用戶代碼重設」設定新的，不需要卡片；收不到信，請聯絡我們。
portal-note-tries = 用戶代碼連續輸入錯誤 { $tries } 次會鎖住，要重設後才能再用；卡片不會損壞。
portal-note-new-pin = 忘了剛設定的PIN碼時，請用「鎖卡解碼／重設PIN碼」設定新的；不必重新申請卡片。
portal-note-new-pin-elsewhere = 忘了剛設定的PIN碼時，請聯絡我們重設；不必重新申請卡片。
portal-note-stop = 中途斷線或卡片被拔出也不要緊：用同一張卡片再做一次，會從中斷的地方接續。
portal-no-script = 這個瀏覽器沒有執行 JavaScript，所以無法開啟卡片視窗。
portal-no-script-text = 請在瀏覽器設定中允許本網站執行 JavaScript，再重新整理這一頁。
portal-no-script-command = 也可以改用電腦的終端機：
portal-no-script-insert = 將卡片插入讀卡機，過程中請勿拔取。
portal-no-script-type = 在終端機輸入：
portal-no-script-answer = 依畫面的提示輸入；看到完成的訊息就好了。

portal-again = 再試一次
portal-back = 回到說明
portal-waiting = 請在卡片視窗中操作
portal-waiting-window = 正在開啟卡片視窗……
portal-waiting-begun = 請看另外開啟的小視窗：確認卡片，依畫面輸入。完成前請不要關閉這一頁。
portal-waiting-running = 處理中，請勿拔取卡片，約需 1 分鐘。
portal-waiting-refused = 這次沒有成功。卡片視窗裡寫著原因和下一步，請在那裡繼續。
portal-waiting-hidden = 看不到卡片視窗？它可能被其他視窗蓋住了。
portal-waiting-show = 顯示卡片視窗
portal-blocked = 瀏覽器擋住了卡片視窗
portal-blocked-text = 卡片視窗是一個彈出式視窗，瀏覽器預設會擋住。請允許本網站 { $origin } 開啟它，再按「再試一次」。
portal-blocked-chrome-1 = 點網址列右邊的「已封鎖彈出式視窗」圖示。
portal-blocked-chrome-2 = 選「一律允許」本網站的彈出式視窗和重新導向，再按「完成」。
portal-blocked-edge-1 = 點網址列右邊的「已封鎖快顯視窗」圖示。
portal-blocked-edge-2 = 選「一律允許」本網站的快顯視窗和重新導向，再按「完成」。
portal-blocked-firefox-1 = 點網頁上方黃色訊息列的「選項」或「偏好設定」。
portal-blocked-firefox-2 = 選「允許」本網站的彈出型視窗。
portal-blocked-safari-1 = 點網址列右邊的「已阻擋彈出式視窗」圖示；或從選單 Safari ›「設定」›「網站」›「彈出式視窗」找到本網站。
portal-blocked-safari-2 = 將本網站改成「允許」。
portal-blocked-other-1 = 在瀏覽器的設定裡找到「彈出式視窗」或「快顯視窗」。
portal-blocked-other-2 = 將本網站加入允許的網站。
portal-missing = 卡片元件沒有啟動
portal-missing-text = 卡片元件是在您電腦上執行的程式，讓網頁能使用讀卡機。這台電腦上找不到它，所以什麼都還沒有開始，卡片也沒有動過。
portal-missing-start = 啟動卡片元件。還沒安裝的話，請聯絡我們或您單位的資訊人員。
portal-missing-type = 用終端機啟動的話，輸入：
portal-missing-again = 啟動後按「再試一次」。
portal-taken = 卡片元件的位置被別的程式占用了
portal-taken-text = { $agent } 有程式回應，但它不是為本網站設定的卡片元件。什麼都還沒有開始，卡片也沒有動過。
portal-taken-close = 關閉可能占用的程式，例如其他憑證的跨平台網頁元件，再啟動卡片元件。
portal-taken-portal = 若卡片元件已經啟動，請確認它的設定裡有本網站：
portal-taken-again = 完成後按「再試一次」。
portal-silent = 卡片視窗沒有回應
portal-silent-text = 等了幾秒，卡片視窗還沒有準備好。什麼都還沒有開始，卡片也沒有動過。
portal-silent-slow = 若卡片視窗正常顯示，請直接在裡面操作，這一頁會自動接上。
portal-silent-error = 若小視窗顯示「無法連上這個網站」或是別的內容，請關閉它，啟動卡片元件，再按「再試一次」。
portal-closed = 卡片視窗已經關閉，還沒有完成
portal-closed-text = 您的卡片沒有損壞。用同一張卡片再做一次就可以，已完成的部分不會重做。
portal-refused = 現在不能開始
portal-gone = 連不上本網站的伺服器
portal-gone-text = 什麼都還沒有開始，卡片也沒有動過。
portal-gone-next = 請檢查網路連線，再按「再試一次」。
portal-finished-text = 正在顯示結果……
portal-finished-link = 看結果

# 結果

portal-done-card = 卡片
portal-done-certificates = 卡片裡的憑證
portal-done-now = 接下來
portal-done-pin = 記住您的PIN碼。它沒有存在任何地方，我們也看不到。
portal-done-wrong = PIN碼連續輸入錯誤，卡片會鎖住；不確定時請不要一直試。
portal-done-use = 用到簽章、登入的系統，請用這張卡片和您的PIN碼。
portal-done-care = 卡片遺失或不再使用時，請立刻聯絡我們，以免被冒用。
portal-outcome-waiting = 還沒有開始
portal-outcome-waiting-lead = 請在卡片視窗中操作。這一頁會自動更新。
portal-outcome-over = 這次的作業已經中止
portal-outcome-over-lead = 可能是超過 5 分鐘沒有開始、卡片視窗被關閉，或改在另一個視窗辦理。您的卡片沒有損壞。
portal-outcome-over-next = 請再做一次；已完成的部分不會重做。
portal-outcome-unproved = PIN碼已設定，最後一步沒有完成
portal-outcome-look = 立即更新

# 憑證查詢及下載

portal-find-lead = 查看憑證是否有效，並下載憑證檔案。不需要卡片和讀卡機。
portal-find-by-card = 用卡號查詢
portal-find-by-serial = 用憑證序號查詢
portal-find-number = 卡號
portal-find-number-hint = 印在卡片正面，{ $prefixes } 加 { $digits } 位數字。
portal-find-number-hint-digits = 印在卡片正面，{ $prefixes } 加 { $digits } 位數字；也可以只輸入數字。
portal-find-name = 卡片持有者名稱
portal-find-name-hint = 姓名，或機關、單位、組織的名稱，和申請時填寫的相同。
portal-find-serial = 憑證序號
portal-find-serial-hint = 十六進位，例如 4f3a…；可以有空格或冒號。
portal-find = 查詢
portal-find-wrong = 還不能查詢
portal-find-error = 錯誤：
portal-find-number-missing = 請輸入卡號。
portal-find-number-wrong = 卡號應該是 2 個英文字母加數字，請對照卡片再輸入一次。
portal-find-name-missing = 請輸入卡片持有者名稱。
portal-find-serial-missing = 請輸入憑證序號。
portal-find-serial-wrong = 憑證序號只有數字和 A 到 F，最多 40 個字，請再輸入一次。
portal-find-none = 找不到符合的憑證
portal-find-none-card = 請確認卡號和持有者名稱都和申請時完全相同，也請確認這張卡片是本中心發行的。持有者也可能選擇不讓別人查到。仍然找不到，請聯絡我們。
portal-find-none-serial = 請確認憑證序號沒有打錯，也請確認這張憑證是本中心簽發的。持有者也可能選擇不讓別人查到。仍然找不到，請聯絡我們。
portal-found = 查詢結果
portal-found-of = 憑證主體
portal-found-certificate = 憑證
portal-found-status = 狀態
portal-found-validity = 有效期間
portal-found-serial = 憑證序號
portal-found-download = 下載
portal-found-download-of = 下載{ $certificate } { $format }
portal-found-meaning = 狀態的意思
portal-found-formats = 不確定要哪一種檔案時，請下載 .cer。

portal-role-signature = 簽章憑證
portal-role-encryption = 加解密憑證
portal-role-login = 登入憑證
portal-role-card_authentication = 卡片鑑別憑證

portal-status-held = 尚未開卡
    .means = 憑證已經製作在卡片裡，開卡後才會有效。
portal-status-unwritten = 已簽發，尚未寫入卡片
    .means = 卡片可以使用，只是還沒有這張憑證。請用「檢測卡片」，依結果重寫，這張憑證就會有效。
portal-status-valid = 有效
    .means = 可以正常使用。
portal-status-suspended = 停用
    .means = 暫時不能使用；要恢復請聯絡我們申請復用。
portal-status-revoked = 廢止
    .means = 永久失效，不能恢復；需要時請申請新卡片。
portal-status-expired = 已過期
    .means = 超過有效期間，不能再用來簽章或登入。

# 沒有照預期的頁面

portal-error-not-found = 找不到這一頁
    .message = 網址可能打錯了，或是這一頁已經不在。
    .next = 請檢查網址，或從首頁重新開始。
portal-error-foreign = 這個請求沒有處理
    .message = 它不是從本網站的頁面送出的。為了保護您，我們沒有處理。
    .next = 請從首頁重新開始。若您是按了別處的連結才看到這一頁，請不要再按那個連結。
portal-error-many = 請稍候再試
    .message = 短時間內從您的網路送來太多次請求。
    .next = 請等幾分鐘，再回上一頁試一次。
portal-error-busy = 系統忙碌中
    .message = 現在沒有辦法處理您的請求，什麼都沒有改變。
    .next = 請過一會兒再試一次。
portal-error-internal = 系統發生問題
    .message = 發生了我們沒有料到的問題，已經記錄下來。
    .next = 請過一會兒再試一次。若仍然如此，請聯絡發卡的憑證管理中心。
portal-error-home = 回首頁
portal-error-other = 這件事沒有完成
